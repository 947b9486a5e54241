package hunts

import (
	"fmt"
	"time"
)

// Text is the window for people: "last 7 days", or both ends in UTC.
func (w Window) Text() string {
	switch {
	case w.All:
		return "everything the workspace keeps"
	case w.Ago > 0:
		return "last " + agoText(w.Ago)
	}
	return w.From.Format("2006-01-02 15:04") + " to " + w.To.Format("2006-01-02 15:04") + " UTC"
}

func agoText(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d%u.unit == 0 {
			n := d / u.unit
			if n == 1 {
				return u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}
