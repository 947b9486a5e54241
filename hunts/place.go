package hunts

import (
	"context"
	"slices"
	"time"
)

// Place is where a kind of indicator can show, and whether a hunt looked there.
// A place that was not searched spoils CLEAN, unless the scope has no such data.
type Place struct {
	Place    string `json:"place"` // for people: "network connections", "DNS names"
	Table    string `json:"table"`
	Searched bool   `json:"searched"`
	Reason   string `json:"reason"` // why it was not searched, or not in full; empty for a place without a problem
	Events   int64  `json:"events"` // that matched there
	Devices  int64  `json:"devices"`
	Scope    string `json:"scope,omitempty"` // in an answer of several scopes

	Group  string       `json:"group,omitempty"`  // the word for places=: "mail", "network"; empty for the hunt's own table
	Label  string       `json:"label,omitempty"`  // what its events count: "mail received"
	Counts []PlaceCount `json:"counts,omitempty"` // events by what was done, most first
	// Unmanaged counts the source addresses that belong to no device with a sensor;
	// WithoutSensor names the first of them.
	Unmanaged     int64       `json:"addresses_without_sensor,omitempty"`
	WithoutSensor []string    `json:"without_sensor,omitempty"`
	Gaps          []SensorGap `json:"sensor_gaps,omitempty"`
	Steps         []Step      `json:"steps,omitempty"` // oldest first, at most MaxSteps
	// HostOnly counts events of logs that keep no path, which matched a URL by its
	// host.
	HostOnly int64 `json:"host_only,omitempty"`
}

// MaxSteps bounds the steps of one place that an answer keeps.
const MaxSteps = 50

// PlaceCount is how many events of a place did one thing.
type PlaceCount struct {
	What   string `json:"what"` // "delivered", "blocked", "signed in with MFA"
	Events int64  `json:"events"`
}

// Step is what first happened to an indicator on a device, to an account or from
// an address.
type Step struct {
	Indicator string    `json:"indicator"`
	What      string    `json:"what"` // "written", "mail delivered"
	Device    string    `json:"device,omitempty"`
	DeviceID  string    `json:"device_id,omitempty"`
	Account   string    `json:"account,omitempty"`
	Recipient string    `json:"recipient,omitempty"` // of a mail
	Process   string    `json:"process,omitempty"`
	Address   string    `json:"address,omitempty"` // a source without a sensor
	Remotes   []string  `json:"connected_to,omitempty"`
	Events    int64     `json:"events"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// SensorGap is a proof by contradiction: another log saw a device with a sensor,
// and its own sensor said nothing in that minute.
type SensorGap struct {
	Device string    `json:"device"`
	Events int64     `json:"events"`
	At     time.Time `json:"at"` // the first of them
}

// PlaceEndpoint is the group of the places that sensors report; they are always
// searched.
const PlaceEndpoint = "endpoint"

// PlaceLimiter is an Authorizer that restricts where somebody may look.
type PlaceLimiter interface {
	// PlacesOf are the groups of places that the asker may look at; nil is all.
	PlacesOf(ctx context.Context, who Asker) []string
}

// LeavesOut says why a hunt does not look at a group of places; empty when it does.
func (h Hunt) LeavesOut(group string) string {
	switch {
	case group == PlaceEndpoint:
		return ""
	case h.Places != nil && !slices.Contains(h.Places, group):
		return "not allowed in this channel"
	case len(h.Request.Places) > 0 && !slices.Contains(h.Request.Places, group):
		return "left out by places="
	}
	return ""
}
