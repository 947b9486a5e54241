// Package testclock is the time that tests run in: a Thursday at noon UTC, the
// same on every machine and every day.
//
// A test that needs another day takes At and adds to it. What surprises: a Clock
// runs at the speed of the machine, since a deployment under test waits for
// real sockets; only where it starts is pinned.
package testclock

import (
	"os"
	"sync/atomic"
	"time"
)

// Variable overrides the pinned time, in RFC 3339, to run the tests on another
// day or near midnight.
const Variable = "FOOTPRINT_TEST_NOW"

// Far is a time that no test reaches: for certificates and tokens, which
// libraries compare with the machine's own clock.
var Far = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)

// At is the pinned time, in UTC. A Variable that can't be read panics: the
// tests would otherwise pass for a day that nobody asked for.
func At() time.Time {
	text := os.Getenv(Variable)
	if text == "" {
		return time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(Variable + " must be a time such as 2026-03-29T00:05:00Z, not " + text)
	}
	return at.UTC()
}

// Clock starts at a given time and goes on from there, or stands still. It is
// safe for concurrent use.
type Clock struct {
	began time.Time // read from the machine, for elapsed time only; zero stands still
	start time.Time
	moved atomic.Int64
}

// New is a Clock that starts at the pinned time.
func New() *Clock { return Starting(At()) }

// Starting is a Clock that starts at a time.
func Starting(at time.Time) *Clock { return &Clock{began: time.Now(), start: at.UTC()} }

// Stopped is a Clock that only Move moves.
func Stopped(at time.Time) *Clock { return &Clock{start: at.UTC()} }

// Now is the time on the clock, in UTC.
func (c *Clock) Now() time.Time {
	at := c.start.Add(time.Duration(c.moved.Load()))
	if !c.began.IsZero() {
		at = at.Add(time.Since(c.began))
	}
	return at
}

// Move puts the clock forward, or back where d is negative.
func (c *Clock) Move(d time.Duration) { c.moved.Add(int64(d)) }
