package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

type (
	placeTotal struct {
		Events    int64   `json:"events"`
		HostOnly  int64   `json:"host_only"`
		Devices   int64   `json:"devices"`
		Unmanaged int64   `json:"unmanaged"`
		Rows      int64   `json:"rows"` // of its tables in the window
		Newest    kqlTime `json:"newest"`
		Days      dayBits `json:"days"`
	}
	// placeLine counts what one indicator did there; Tries of its events were
	// blocked, failed or no more than a look-up.
	placeLine struct {
		Indicator string `json:"indicator"`
		Events    int64  `json:"events"`
		Tries     int64  `json:"tries"`
		Devices   int64  `json:"devices"`
	}
	// placeStep is what first happened to an indicator on a device, to an account or
	// from an address.
	placeStep struct {
		Indicator string  `json:"indicator"`
		Did       string  `json:"did"`
		Tried     bool    `json:"tried"`
		Device    string  `json:"device"`
		DeviceID  string  `json:"device_id"`
		Account   string  `json:"account"`
		Process   string  `json:"process"`
		Source    string  `json:"source"`
		Remotes   string  `json:"remotes"` // a list in text
		Events    int64   `json:"events"`
		First     kqlTime `json:"first"`
		Last      kqlTime `json:"last"`
	}
	placeGap struct {
		Device string  `json:"device"`
		Events int64   `json:"events"`
		First  kqlTime `json:"first"`
	}
)

func (x *placeResult) read(rows [][]any) error {
	total := false
	for _, row := range rows {
		if len(row) < 2 {
			return fmt.Errorf("a row of the place has %d columns instead of 2", len(row))
		}
		section, _ := row[0].(string)
		text, _ := row[1].(string)
		if err := x.readSection(section, []byte(text)); err != nil {
			return fmt.Errorf("section %q of the place: %w", section, err)
		}
		total = total || section == "total"
	}
	if !total {
		return fmt.Errorf("the place lacks its total")
	}
	return nil
}

func (x *placeResult) readSection(section string, bag []byte) error {
	switch section {
	case "total":
		return json.Unmarshal(bag, &x.total)
	case "indicator":
		return appendRow(&x.lines, bag)
	case "step":
		return appendRow(&x.steps, bag)
	case "done":
		return appendRow(&x.place.Counts, bag)
	case "silent":
		return appendRow(&x.gaps, bag)
	case "unread":
		return appendRow(&x.unread, bag)
	case "unmanaged":
		var row struct{ Source string }
		if err := json.Unmarshal(bag, &row); err != nil {
			return err
		}
		x.place.WithoutSensor = append(x.place.WithoutSensor, row.Source)
	}
	return nil
}

// tell puts what was read into the place of the answer.
func (x *placeResult) tell() {
	p := &x.place
	p.Events, p.Devices, p.Unmanaged = x.total.Events, x.total.Devices, x.total.Unmanaged
	p.HostOnly = x.total.HostOnly
	slices.SortStableFunc(x.steps, func(a, b placeStep) int { return a.First.Compare(b.First.Time) })
	slices.SortStableFunc(p.Counts, func(a, b hunts.PlaceCount) int { return int(b.Events - a.Events) })
	for _, s := range x.steps[:min(len(x.steps), hunts.MaxSteps)] {
		p.Steps = append(p.Steps, x.step(s))
	}
	for _, g := range x.gaps {
		p.Gaps = append(p.Gaps, hunts.SensorGap{Device: g.Device, Events: g.Events, At: g.First.Time})
	}
}

func (x *placeResult) step(s placeStep) hunts.Step {
	out := hunts.Step{
		Indicator: strings.TrimPrefix(s.Indicator, hostOnly), What: s.Did, Device: s.Device, DeviceID: s.DeviceID, Account: s.Account, Process: s.Process, Address: s.Source,
		Events: s.Events, FirstSeen: s.First.Time, LastSeen: s.Last.Time,
	}
	if out.What == "" {
		out.What = x.def.Footprint.Place.Verb
	}
	if x.def.Footprint.Columns.Recipient != "" {
		out.Account, out.Recipient = "", s.Account
	}
	_ = json.Unmarshal([]byte(s.Remotes), &out.Remotes) // a text that is no list names nothing
	return out
}

// sentence tells what happened there: "written on ws-1 by powershell.exe, Nov 22 22:43 UTC".
func (x *placeResult) sentence() string {
	var parts []string
	told := map[string]bool{}
	for _, row := range x.steps {
		s := x.step(row)
		key := strings.ToLower(s.Device + "|" + s.Account + s.Recipient + "|" + s.Address)
		if told[key] || len(parts) == placeSteps {
			continue
		}
		told[key] = true
		parts = append(parts, stepText(s))
	}
	if more := x.total.Devices - int64(len(parts)); more > 0 && len(parts) == placeSteps {
		parts = append(parts, "and on "+strings.Replace(hunts.Count(more, "device"), " ", " more ", 1))
	}
	return strings.Join(parts, "; ")
}

// stepText is one step as people tell it.
func stepText(s hunts.Step) string {
	text := s.What
	if s.Recipient != "" {
		text += " to " + s.Recipient
	}
	if s.Account != "" && s.Process == "" {
		text = s.Account + ": " + text
	}
	switch {
	case s.Device != "":
		text += " on " + s.Device
	case s.Address != "":
		text += " from " + s.Address + ", an address without a sensor"
	}
	if s.Process != "" {
		text += " by " + s.Process
	}
	if len(s.Remotes) > 0 {
		text += ", which connected to " + strings.Join(s.Remotes[:min(len(s.Remotes), placeSteps)], " and ")
	}
	return text + ", " + s.FirstSeen.UTC().Format("Jan 2 15:04 UTC")
}

// sortedSteps are the sentences of all places in the order of time.
func sortedSteps(all []placeResult) []string {
	var met []placeResult
	for _, x := range all {
		if len(x.steps) > 0 {
			met = append(met, x)
		}
	}
	slices.SortStableFunc(met, func(a, b placeResult) int { return a.steps[0].First.Compare(b.steps[0].First.Time) })
	var out []string
	for _, x := range met {
		out = append(out, x.sentence())
	}
	return out
}
