package runner

import (
	"github.com/footprint-soc/footprint/hunts"
)

// newRunner is a runner that may do everything, unless the test has a policy.
func newRunner(c Config) *Runner {
	if c.Authorizer == nil {
		c.Authorizer = hunts.AllowAll(c.Record, c.Clock)
	}
	r, err := New(c)
	if err != nil {
		panic(err)
	}
	return r
}
