package record

import (
	"reflect"
	"strings"
	"testing"
)

func TestURLs(t *testing.T) {
	for name, c := range map[string]struct {
		url     string
		shape   string
		addrs   []string
		user    string
		secret  string
		db      int
		tls     bool
		refused string
	}{
		"one server":                       {url: "redis://u:p%40ss@h:6380/3", shape: "one", addrs: []string{"h:6380"}, user: "u", secret: "p@ss", db: 3},
		"one server with TLS":              {url: "rediss://:p@h", shape: "one", addrs: []string{"h:6379"}, secret: "p", tls: true},
		"space around it":                  {url: " redis://h:1/0\n", shape: "one", addrs: []string{"h:1"}},
		"a socket":                         {url: "unix:///run/redis.sock", shape: "one", addrs: []string{"/run/redis.sock"}},
		"a cluster":                        {url: "redis+cluster://u:p@a:1,b,[::1]:3/", shape: "cluster", addrs: []string{"a:1", "b:6379", "::1:3"}, user: "u", secret: "p"},
		"a cluster with TLS":               {url: "rediss+cluster://a,b", shape: "cluster", addrs: []string{"a:6379", "b:6379"}, tls: true},
		"a cluster as go-redis writes it":  {url: "redis://a:1?addr=b:2", shape: "cluster", addrs: []string{"a:1", "b:2"}},
		"sentinels":                        {url: "redis+sentinel://u:p@a,b:2/mymaster/4", shape: "failover", addrs: []string{"a:26379", "b:2"}, user: "u", secret: "p", db: 4},
		"sentinels with their own secret":  {url: "redis+sentinel://:p@a/m?sentinel_password=q", shape: "failover", addrs: []string{"a:26379"}, secret: "p"},
		"sentinels as go-redis writes it":  {url: "redis://a:1/2?master_name=m&addr=b:2&password=p", shape: "failover", addrs: []string{"a:1", "b:2"}, secret: "p", db: 2},
		"no scheme":                        {url: "h:6379", refused: "no scheme"},
		"another scheme":                   {url: "http://h", refused: `begins with "http"`},
		"an empty host":                    {url: "redis+cluster://a,,b", refused: "empty host"},
		"no master":                        {url: "redis+sentinel://a:1", refused: "name of the master"},
		"a database that is no number":     {url: "redis://h/zero", refused: "REDIS_URL"},
		"an unknown parameter":             {url: "redis://h?wait=1", refused: "wait"},
		"an unknown parameter of many":     {url: "redis+cluster://h?wait=1", refused: "wait"},
		"a secret that is not encoded":     {url: "redis://u:s%cret@h", refused: "percent-encode"},
		"a secret of many not encoded":     {url: "redis+cluster://u:s%cret@h", refused: "percent-encode"},
		"a secret with a wrong database":   {url: "redis://u:secret@h/zero", refused: "…@h"},
		"a secret with a wrong parameter":  {url: "redis://u:secret@h/0?x=secret", refused: "REDIS_URL"},
		"a sentinel's wrong database":      {url: "redis+sentinel://u:secret@h/m/zero", refused: "REDIS_URL"},
		"nothing but a scheme of a server": {url: "redis+sentinel:///m", refused: "empty host"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := parseURL(c.url)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "s%cret") {
					t.Errorf("it says %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			shape, addrs, user, secret, db, tls := "one", []string(nil), "", "", 0, false
			switch {
			case e.cluster != nil:
				shape, addrs, user, secret, tls = "cluster", e.cluster.Addrs, e.cluster.Username, e.cluster.Password, e.cluster.TLSConfig != nil
			case e.failover != nil:
				shape, addrs, user, secret, db, tls = "failover", e.failover.SentinelAddrs, e.failover.Username, e.failover.Password, e.failover.DB, e.failover.TLSConfig != nil
			default:
				addrs, user, secret, db, tls = []string{e.one.Addr}, e.one.Username, e.one.Password, e.one.DB, e.one.TLSConfig != nil
			}
			for i := range addrs {
				addrs[i] = strings.NewReplacer("[", "", "]", "").Replace(addrs[i])
			}
			if shape != c.shape || !reflect.DeepEqual(addrs, c.addrs) || user != c.user || secret != c.secret || db != c.db || tls != c.tls {
				t.Errorf("it is %s %q user %q secret %q db %d tls %v", shape, addrs, user, secret, db, tls)
			}
		})
	}
}

func TestTurn(t *testing.T) {
	minutes := func(n int64) int64 { return n * 60_000_000 }
	for name, c := range map[string]struct {
		held, waiting []place
		now           int64
		want          string
	}{
		"nobody waits":                                 {want: ""},
		"whoever came first":                           {waiting: []place{{"b", 2, false, "B"}, {"a", 1, false, "A"}}, want: "ab"},
		"whoever holds the fewest":                     {held: []place{{"x", 0, false, "A"}}, waiting: []place{{"a", 1, false, "A"}, {"b", 2, false, "B"}}, want: "ba"},
		"one asker does not fill the line":             {waiting: []place{{"a1", 1, false, "A"}, {"a2", 2, false, "A"}, {"b", 3, false, "B"}}, want: "a1ba2"},
		"people before sweeps":                         {waiting: []place{{"s", 1, true, "S"}, {"a", 2, false, "A"}}, now: minutes(4), want: "as"},
		"a sweep that waited long is one of them":      {waiting: []place{{"s", 1, true, "S"}, {"a", 2, false, "A"}}, now: minutes(6), want: "sa"},
		"it is not while sweeps hold all they may":     {held: []place{{"x", 0, true, "S"}, {"y", 0, true, "T"}}, waiting: []place{{"s", 1, true, "S"}, {"a", 2, false, "A"}}, now: minutes(6), want: "as"},
		"two who came at the same time keep one order": {waiting: []place{{"b", 1, false, "B"}, {"a", 1, false, "A"}}, want: "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			order := make([]string, len(c.waiting))
			for _, p := range c.waiting {
				order[turn(c.held, append([]place(nil), c.waiting...), c.now, p.token, 2)] = p.token
			}
			if got := strings.Join(order, ""); got != c.want {
				t.Errorf("the order is %s", got)
			}
		})
	}
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"redis://u:p@h:1/0", "redis+cluster://u:p@a,b", "rediss+sentinel://:p@a/m/1?sentinel_password=q", "redis://a?addr=b:1", "unix:///x", "x", "redis+sentinel://@/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseURL(text)
		if err == nil && e.one == nil && e.cluster == nil && e.failover == nil {
			t.Error("neither an endpoint nor an error")
		}
	})
}

func FuzzStretch(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		packed, err := squeeze(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := stretch(packed); err != nil || string(got) != string(data) {
			t.Errorf("%q comes back as %q, %v", data, got, err)
		}
		_, _ = stretch(data) // whatever lies in Redis: no panic
	})
}
