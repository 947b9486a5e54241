package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

// file puts an export into the thread.
func (f follow) file(ctx context.Context, kind string) error {
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	to, err := f.place(ctx)
	if err != nil {
		return err
	}
	names := exportNames(f.hunt.ID, kind)
	if len(names) == 0 {
		return nil
	}
	if err := f.bot.policy.Authorize(ctx, f.asker, hunts.Action{Name: "export", Right: hunts.MayExport, HuntID: f.hunt.ID, What: strings.Join(names, " "), ShownTo: to.Channel}); err != nil {
		return f.refused(ctx, err)
	}
	files, note, err := f.export(ctx, a, kind, names)
	if err != nil {
		return err
	}
	if err := f.bot.out.Files(ctx, f.key, to, files...); err != nil {
		return f.nowhere(ctx, err)
	}
	if note == "" {
		return nil
	}
	return f.say(ctx, "export", func(v message.View) message.Message { return message.Said(note, v) })
}

// exportNames are the files of one kind of export; none for a kind of another
// version.
func exportNames(huntID, kind string) []string {
	switch kind {
	case message.DoKQL:
		return []string{huntID + ".kql"}
	case message.DoJSON:
		return []string{huntID + ".json"}
	case message.DoCSV:
		return []string{huntID + "-events.csv", huntID + "-indicators.csv"}
	case message.DoBundle:
		return []string{huntID + ".zip"}
	}
	return nil
}

// export makes the files of one kind, and a sentence where they hold less than
// there is.
func (f follow) export(ctx context.Context, a hunts.Answer, kind string, names []string) (files []outbox.File, note string, err error) {
	h, a := f.bot.policy.Shown(f.hunt, f.asker.Channel, a)
	switch kind {
	case message.DoKQL:
		return []outbox.File{{Name: names[0], Data: message.KQLFile(a)}}, "", nil
	case message.DoJSON:
		data, err := message.JSON(a)
		return []outbox.File{{Name: names[0], Data: data}}, "", err
	}
	if kind == message.DoCSV && a.Table != nil {
		if a.Table.Cut {
			note = fmt.Sprintf("Not every row is in the file: %d of %d are.", len(a.Table.Rows), a.Table.Total)
		}
		return []outbox.File{{Name: f.hunt.ID + ".csv", Data: message.TableCSV(*a.Table)}}, note, nil
	}
	events, err := f.events(ctx, a)
	if err != nil {
		return nil, "", err
	}
	if events.Cut != "" {
		note = "Not every event is in the file: " + events.Cut + "."
	}
	if kind == message.DoCSV {
		return []outbox.File{{Name: names[0], Data: message.EventsCSV(events.Events)}, {Name: names[1], Data: message.IndicatorsCSV(a)}}, note, nil
	}
	now := f.bot.cfg.Clock()
	parts, err := message.BundleFiles(h, a, events, f.asker, now)
	if err != nil {
		return nil, "", err
	}
	data, err := f.bot.cfg.BundleKey.Pack(parts, now)
	return []outbox.File{{Name: names[0], Data: data}}, note, err
}

// events are all that the answer counts, as this channel may see them; where the
// workspace does not tell them, those that the answer carries.
func (f follow) events(ctx context.Context, a hunts.Answer) (hunts.EventList, error) {
	raw, ok, err := f.bot.cfg.Store.Answer(ctx, f.hunt.ID)
	if err != nil || !ok {
		return hunts.EventList{}, err
	}
	h := f.hunt
	h.Asker = f.asker // whose quota it is
	list, err := f.bot.cfg.Runner.Events(ctx, h, raw)
	var e *hunts.Error
	switch {
	case errors.As(err, &e) && ctx.Err() == nil:
		return hunts.EventList{Events: a.Events, Cut: "these are the newest ones in the answer, since " + e.Say}, nil
	case err != nil:
		return hunts.EventList{}, err
	}
	raw.Events = list.Events
	_, raw = f.bot.policy.Shown(f.hunt, f.asker.Channel, raw)
	list.Events = raw.Events
	return list, nil
}

// nowhere tells who asked for a file that its thread is gone.
func (f follow) nowhere(ctx context.Context, err error) error {
	if outbox.WhyElsewhere(err) == "" {
		return err
	}
	return f.whisper(ctx, "The thread of "+f.hunt.ID+" no longer takes files. Hunt again in a channel I'm in.")
}
