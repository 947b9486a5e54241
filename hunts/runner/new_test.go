package runner_test

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// newRunner is a runner that may do everything, unless the test has a policy.
func newRunner(c runner.Config) *runner.Runner {
	if c.Authorizer == nil {
		c.Authorizer = hunts.AllowAll(c.Record, c.Clock)
	}
	r, err := runner.New(c)
	if err != nil {
		panic(err)
	}
	return r
}
