package main

import (
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// server and serverKey read what is set for one of the servers that feeds are
// behind.
func server(n int, kind string) func(*config, string) error {
	return func(c *config, v string) error {
		c.feedServers[n].Kind, c.feedServers[n].URL = kind, v
		return c.feedServers[n].CheckURL(true) // over plain HTTP only where private feeds are allowed, which is checked when it is read
	}
}

func serverKey(n int) func(*config, string) error {
	return func(c *config, v string) error {
		c.feedServers[n].Key = feed.Key(v)
		return nil
	}
}

// servers are those that are set.
func (c config) servers() []feed.Server {
	var out []feed.Server
	for _, s := range c.feedServers {
		if s.URL != "" {
			out = append(out, s)
		}
	}
	return out
}

// feedKeys refuses a server without its key, which would be asked in vain.
func (c config) feedKeys() error {
	for _, s := range c.servers() {
		if s.Key == "" {
			return fmt.Errorf("FOOTPRINT_%[1]s_URL is set without FOOTPRINT_%[1]s_KEY_FILE, the file of the key to it", strings.ToUpper(s.Kind))
		}
	}
	return nil
}
