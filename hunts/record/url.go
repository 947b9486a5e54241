package record

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// endpoint is where REDIS_URL points: exactly one of the three is set.
type endpoint struct {
	one      *redis.Options
	cluster  *redis.ClusterOptions
	failover *redis.FailoverOptions
}

// teach is what every error about REDIS_URL ends with.
const teach = "write redis://host:6379/0 with a login before the host, rediss:// for TLS, redis+cluster://host1:6379,host2:6379, or redis+sentinel://host1:26379,host2:26379/mymaster/0"

// errEncode says what is wrong without a word of the URL: which part of it is
// the password is not known.
var errEncode = errors.New("REDIS_URL can't be read; percent-encode special characters of the password; " + teach)

// parseURL reads REDIS_URL: one server, a cluster, or a master watched by
// sentinels. What go-redis reads by itself (?addr=…, ?master_name=…, and its
// options as parameters) is understood as well. The password never shows in an
// error.
func parseURL(text string) (endpoint, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
	if !ok {
		return endpoint{}, errors.New("REDIS_URL has no scheme: " + teach)
	}
	base, shape, _ := strings.Cut(scheme, "+")
	switch {
	case shape == "" && (base == "redis" || base == "rediss" || base == "unix"):
		return parsePlain(text)
	case (shape == "cluster" || shape == "sentinel") && (base == "redis" || base == "rediss"):
		return parseMany(base, shape, rest)
	}
	return endpoint{}, fmt.Errorf("REDIS_URL begins with %q: %s", scheme, teach)
}

// CheckURL tells whether Open can read such a REDIS_URL; it dials nothing, and
// the error shows no password.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}

func parsePlain(text string) (e endpoint, err error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return endpoint{}, errEncode // the error of net/url quotes the whole text, password included
	}
	if u.Fragment != "" {
		return endpoint{}, errEncode // no URL of ours has one: it is the rest of a password with a # in it
	}
	q := u.Query()
	switch {
	case q.Has("master_name"):
		e.failover, err = redis.ParseFailoverURL(u.String())
	case q.Has("addr"):
		e.cluster, err = redis.ParseClusterURL(u.String())
	default:
		e.one, err = redis.ParseURL(u.String())
	}
	if err != nil && strings.Contains(u.Path+u.RawQuery, "@") {
		return endpoint{}, errEncode // a password with / or ? in it, which err would quote
	}
	if err != nil {
		return endpoint{}, fmt.Errorf("REDIS_URL %s can't be used: %w; %s", masked(text), err, teach)
	}
	return e, nil
}

// parseMany turns the comma list of hosts into what go-redis reads: the first
// host in its place, the others as parameters.
func parseMany(base, shape, rest string) (endpoint, error) {
	who, rest, ok := cutLast(rest, "@")
	if !ok {
		who, rest = "", who
	}
	rest, query, _ := strings.Cut(rest, "?")
	hosts, path, _ := strings.Cut(rest, "/")
	params, err := url.ParseQuery(query)
	if err != nil {
		return endpoint{}, errors.New("REDIS_URL: the parameters after ? can't be read; " + teach)
	}
	port := map[string]string{"cluster": ":6379", "sentinel": ":26379"}[shape]
	addrs := strings.Split(hosts, ",")
	for i, h := range addrs {
		if h = strings.TrimSpace(h); h == "" || strings.HasPrefix(h, ":") {
			return endpoint{}, errors.New("REDIS_URL has an empty host; " + teach)
		}
		if !strings.Contains(h[strings.LastIndex(h, "]")+1:], ":") { // an IPv6 address stands in brackets
			h += port
		}
		addrs[i] = h
	}
	for _, h := range addrs[1:] {
		params.Add("addr", h)
	}
	plain := url.URL{Scheme: base, Host: addrs[0]}
	login, err := url.Parse("redis://" + who + "@h")
	if err != nil || who != "" && login.User == nil { // nil: a / ? or # in the password ended it early
		return endpoint{}, errEncode
	}
	var e endpoint
	if shape == "cluster" {
		if who != "" {
			plain.User = login.User
		}
		plain.RawQuery = params.Encode()
		e.cluster, err = redis.ParseClusterURL(plain.String())
	} else {
		master, db, _ := strings.Cut(path, "/")
		if master == "" {
			return endpoint{}, errors.New("REDIS_URL lacks the name of the master: redis+sentinel://host:26379/mymaster/0")
		}
		params.Set("master_name", master)
		plain.Path, plain.RawQuery = "/"+db, params.Encode()
		if plain.User = sentinelUser(params); plain.User != nil {
			plain.RawQuery = params.Encode()
		}
		if e.failover, err = redis.ParseFailoverURL(plain.String()); err == nil && who != "" {
			e.failover.Username = login.User.Username()
			e.failover.Password, _ = login.User.Password()
		}
	}
	if err != nil {
		return endpoint{}, fmt.Errorf("REDIS_URL %s can't be used: %w; %s", masked(base+"+"+shape+"://"+rest), err, teach)
	}
	return e, nil
}

// sentinelUser takes the login of the sentinels themselves, which may differ
// from the servers', out of the parameters.
func sentinelUser(params url.Values) *url.Userinfo {
	name, secret := params.Get("sentinel_username"), params.Get("sentinel_password")
	params.Del("sentinel_username")
	params.Del("sentinel_password")
	if name == "" && secret == "" {
		return nil
	}
	return url.UserPassword(name, secret)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// masked is a URL without what may be secret in it: login and parameters.
func masked(text string) string {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
	if !ok {
		return "…"
	}
	rest, _, _ = strings.Cut(rest, "?")
	if _, after, found := cutLast(rest, "@"); found {
		rest = "…@" + after
	}
	return scheme + "://" + rest
}

// client makes the client of an endpoint. Limits the URL names are kept; the
// others bound one command to timeout, since go-redis would try for seconds.
func (e endpoint) client(timeout time.Duration) redis.UniversalClient {
	limit := func(d *time.Duration) {
		if *d == 0 {
			*d = timeout
		}
	}
	// once more after a broken connection, which is how a restarted server shows
	tries := func(n *int) {
		if *n == 0 {
			*n = 1
		}
	}
	switch {
	case e.cluster != nil:
		o := e.cluster
		limit(&o.DialTimeout)
		limit(&o.ReadTimeout)
		limit(&o.WriteTimeout)
		tries(&o.DialerRetries)
		o.ContextTimeoutEnabled, o.DisableIdentity = true, true
		return redis.NewClusterClient(o)
	case e.failover != nil:
		o := e.failover
		limit(&o.DialTimeout)
		limit(&o.ReadTimeout)
		limit(&o.WriteTimeout)
		tries(&o.DialerRetries)
		tries(&o.MaxRetries)
		o.ContextTimeoutEnabled, o.DisableIdentity = true, true
		return redis.NewFailoverClient(o)
	}
	o := e.one
	limit(&o.DialTimeout)
	limit(&o.ReadTimeout)
	limit(&o.WriteTimeout)
	tries(&o.DialerRetries)
	tries(&o.MaxRetries)
	o.ContextTimeoutEnabled, o.DisableIdentity = true, true
	return redis.NewClient(o)
}
