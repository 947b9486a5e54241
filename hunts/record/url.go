package record

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// parseURL reads REDIS_URL in its three shapes: one server, a cluster, or a
// master watched by sentinels. The password never shows in an error.
func parseURL(text string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return nil, errors.New("REDIS_URL has no scheme: write redis://host:6379/0, or rediss:// with TLS")
	}
	base, shape, _ := strings.Cut(scheme, "+")
	switch shape {
	case "":
		one, err := redis.ParseURL(text)
		if err != nil {
			return nil, fmt.Errorf("REDIS_URL is not readable: write redis://user:password@host:6379/0 (%s)", masked(text))
		}
		return &redis.UniversalOptions{Addrs: []string{one.Addr}, Username: one.Username, Password: one.Password, DB: one.DB, TLSConfig: one.TLSConfig}, nil
	case "cluster", "sentinel":
		return parseMany(base, shape, rest)
	}
	return nil, fmt.Errorf("REDIS_URL begins with %q: write redis://, rediss://, redis+cluster:// or redis+sentinel://", scheme)
}

func parseMany(base, shape, rest string) (*redis.UniversalOptions, error) {
	o := &redis.UniversalOptions{}
	if base == "rediss" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		who, err := url.Parse("x://" + rest[:at] + "@h")
		if err != nil {
			return nil, errors.New("REDIS_URL: the user or password can't be read; percent-encode special characters")
		}
		o.Username = who.User.Username()
		o.Password, _ = who.User.Password()
		rest = rest[at+1:]
	}
	hosts, path, _ := strings.Cut(rest, "/")
	for _, h := range strings.Split(hosts, ",") {
		if h == "" {
			return nil, errors.New("REDIS_URL has an empty host")
		}
		if !strings.Contains(h, ":") {
			h += map[string]string{"cluster": ":6379", "sentinel": ":26379"}[shape]
		}
		o.Addrs = append(o.Addrs, h)
	}
	if shape == "cluster" {
		o.IsClusterMode = true
		return o, nil
	}
	master, db, _ := strings.Cut(path, "/")
	if master == "" {
		return nil, errors.New("REDIS_URL lacks the name of the master: redis+sentinel://host:26379/mymaster/0")
	}
	o.MasterName = master
	if db != "" {
		n, err := strconv.Atoi(db)
		if err != nil {
			return nil, fmt.Errorf("REDIS_URL: %q is not a database number", db)
		}
		o.DB = n
	}
	return o, nil
}

// masked is a URL without its password.
func masked(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return "…"
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "…@" + rest[at+1:]
	}
	return scheme + "://" + rest
}
