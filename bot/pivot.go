package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Names of the hunts that a pivot runs.
const (
	huntOfDevice = "device-footprint"
	huntOfFile   = "file-footprint"
)

const (
	// pivotAround is how far around a device's first contact a pivot looks when
	// nothing else is asked for.
	pivotAround = 30 * time.Minute
	// lineageBack is how long before its first contact a process may have started.
	lineageBack = 24 * time.Hour
	// pivotDevices bounds the devices that a pivot from a process looks at.
	pivotDevices = 20
)

// pivot asks what else a device, a process or a hash of this answer talked to.
func (f follow) pivot(ctx context.Context, a hunts.Answer, r reply) error {
	filter, ok := filterFor(r.pivot, a)
	switch {
	case ok && filter.Facet == hunts.ByDevice:
		return f.pivotDevice(ctx, a, filter.Value, r.around)
	case ok && filter.Facet == hunts.ByProcess:
		return f.pivotFile(ctx, a, filter.Value)
	}
	if devices, first, account := ranAs(a, r.pivot); account != "" {
		return f.pivotDevices(ctx, first, r.around, devices, []string{account})
	}
	typed, refusal := indicator.Type(r.pivot)
	if refusal == nil && typed.IsHash() {
		return f.pivotFile(ctx, a, typed.Value)
	}
	return f.say(ctx, "pivot", func(v message.View) message.Message {
		return message.Said("Pivot from a device, a process or a user of this hunt, or from a hash; "+f.hunt.ID+" lists them in its table.", v)
	})
}

// pressed is a pivot by a button, which names a device.
func (f follow) pressed(ctx context.Context, name string, act message.Action) error {
	a, ok, err := f.bot.cfg.Store.Answer(ctx, f.hunt.ID)
	if err != nil {
		return err
	}
	if !ok || act.Filter == nil {
		return f.whisper(ctx, f.hunt.ID+" has no answer yet, or the answer has expired. Hunt again for a new one.")
	}
	if name == message.ActionLineage {
		return f.lineage(ctx, a, act.Filter.Value)
	}
	return f.pivotDevice(ctx, a, act.Filter.Value, 0)
}

// pivotDevice asks for everything that one device talked to around its first
// contact.
func (f follow) pivotDevice(ctx context.Context, a hunts.Answer, device string, around time.Duration) error {
	first, device := firstContact(a, device)
	if device == "" {
		return f.say(ctx, "pivot", func(v message.View) message.Message { return message.Said(noSuchDevice(f.hunt.ID), v) })
	}
	return f.pivotDevices(ctx, first, around, []string{device}, nil)
}

// pivotDevices asks for everything that devices talked to around a time; with
// accounts, only what ran as them.
func (f follow) pivotDevices(ctx context.Context, at time.Time, around time.Duration, devices, accounts []string) error {
	if around == 0 {
		around = pivotAround
	}
	req := request.Request{Hunt: huntOfDevice, Devices: devices, Accounts: accounts, Workspaces: f.hunt.Request.Workspaces, Why: f.hunt.Request.Why}
	req.From, req.To = f.between(at.Add(-around), at.Add(around))
	return f.ask(ctx, req, nil)
}

// ranAs finds a user: the devices where this hunt met what ran as them, those
// first that it met last, and the first contact. Empty when there is none.
func ranAs(a hunts.Answer, name string) (devices []string, first time.Time, account string) {
	for _, r := range a.Rows {
		if r.Account == "" || !strings.EqualFold(r.Account, name) {
			continue
		}
		account = r.Account
		if first.IsZero() || r.FirstSeen.Before(first) {
			first = r.FirstSeen
		}
		if !slices.Contains(devices, r.Device) && len(devices) < pivotDevices {
			devices = append(devices, r.Device)
		}
	}
	return devices, first, account
}

// pivotFile asks for everything that one program talked to, in the same window
// and on the devices where this hunt met it.
func (f follow) pivotFile(ctx context.Context, a hunts.Answer, file string) error {
	typed, refusal := request.Parse(`file="`+strings.ReplaceAll(file, `"`, "")+`"`, f.bot.cfg.Clock())
	if refusal != nil {
		return f.whisper(ctx, refusal.Sentence)
	}
	req := f.hunt.Request
	req.Hunt, req.IPs, req.Domains, req.Files, req.Devices, req.Fresh = huntOfFile, nil, nil, typed.Files, nil, false
	for _, r := range a.Rows {
		if strings.EqualFold(r.Process, file) && !slices.Contains(req.Devices, r.Device) && len(req.Devices) < pivotDevices {
			req.Devices = append(req.Devices, r.Device)
		}
	}
	return f.ask(ctx, req, nil)
}

// lineage shows where the processes of one device came from.
func (f follow) lineage(ctx context.Context, a hunts.Answer, asked string) error {
	say := func(sentence string) error {
		return f.say(ctx, "lineage", func(v message.View) message.Message { return message.Said(sentence, v) })
	}
	first, device := firstContact(a, asked)
	if device == "" {
		return say(noSuchDevice(f.hunt.ID))
	}
	var processes []string
	last := first
	for _, r := range a.Rows {
		if !strings.EqualFold(r.Device, device) {
			continue
		}
		if r.LastSeen.After(last) {
			last = r.LastSeen
		}
		if r.Process != "" && !slices.ContainsFunc(processes, func(p string) bool { return strings.EqualFold(p, r.Process) }) {
			processes = append(processes, r.Process)
		}
	}
	if len(processes) == 0 {
		return say("The events of " + device + " name no process, so there is no lineage to follow. pivot " + device + " shows what else it did.")
	}
	h := f.hunt
	h.Asker = f.asker
	h.Request.Files = nil
	h.Window = hunts.Window{From: first.Add(-lineageBack), To: last.Add(time.Second)}
	l, err := f.bot.cfg.Runner.Lineage(ctx, h, device, processes, h.Window)
	var e *hunts.Error
	switch {
	case hunts.KindOf(err) == hunts.KindNotAllowed:
		return f.refused(ctx, err)
	case errors.As(err, &e) && ctx.Err() == nil:
		return say(fmt.Sprintf("The lineage couldn't be searched: %s. %s", e.Say, e.Hint))
	case err != nil:
		return err
	}
	seen := policy.Redact(f.bot.policy.Redaction(f.hunt.Asker.Channel, f.asker.Channel), struct {
		Device string
		L      hunts.Lineage
		H      hunts.Hunt
		Rows   []hunts.Row
	}{device, l, f.hunt, rowsOf(a, device)})
	if err := f.say(ctx, "lineage", func(v message.View) message.Message { return message.Lineage(seen.H, seen.Device, seen.L, v) }); err != nil {
		return err
	}
	return f.tree(ctx, seen.Device, seen.L, seen.Rows)
}

// tree puts the picture of a lineage below its table, where the channel may have files.
func (f follow) tree(ctx context.Context, device string, l hunts.Lineage, rows []hunts.Row) error {
	data, alt, err := message.Tree(device, l, rows)
	if err != nil || data == nil || !f.bot.policy.May(ctx, f.asker, hunts.MayExport) {
		return err
	}
	to, err := f.place(ctx)
	if err != nil {
		return err
	}
	name := f.hunt.ID + "-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' {
			return r
		}
		return '-'
	}, device) + ".png"
	if err := f.bot.out.Files(ctx, f.key, to, outbox.File{Name: name, Data: data, Alt: alt}); err != nil {
		return f.nowhere(ctx, err)
	}
	return nil
}

// rowsOf are the rows of one device.
func rowsOf(a hunts.Answer, device string) []hunts.Row {
	return slices.DeleteFunc(slices.Clone(a.Rows), func(r hunts.Row) bool { return !strings.EqualFold(r.Device, device) })
}

// firstContact is when a device was first seen, and its full name; without a
// name the device that was first of all. Empty when there is none.
func firstContact(a hunts.Answer, asked string) (time.Time, string) {
	var first time.Time
	device := ""
	for _, d := range a.ByDevice {
		short, _, _ := strings.Cut(d.Device, ".")
		if asked != "" && !strings.EqualFold(asked, d.Device) && !strings.EqualFold(asked, short) {
			continue
		}
		if device == "" || d.FirstSeen.Before(first) {
			first, device = d.FirstSeen, d.Device
		}
	}
	return first, device
}

func noSuchDevice(huntID string) string {
	return "No device in this hunt has that name; " + huntID + " lists them in its table."
}

// between is a window that does not reach into the future.
func (f follow) between(from, to time.Time) (time.Time, time.Time) {
	if now := f.bot.cfg.Clock(); to.After(now) {
		to = now
	}
	return from, to
}
