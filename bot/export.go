package bot

import (
	"context"
	"errors"
	"strings"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

// file puts an export into the thread.
func (f follow) file(ctx context.Context, kind string) error {
	if say := f.bot.may(ctx, f.asker, MayExport); say != "" {
		return f.whisper(ctx, say)
	}
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	to, err := f.place(ctx)
	if err != nil {
		return err
	}
	files, note, err := f.export(ctx, a, kind)
	if err != nil || len(files) == 0 {
		return err
	}
	var names []string
	for _, x := range files {
		names = append(names, x.Name)
	}
	entry := hunts.AuditEntry{
		Time: f.bot.cfg.Clock().UTC(), Action: "export", HuntID: f.hunt.ID, User: f.asker.User, Team: f.asker.Team, Channel: f.asker.Channel, What: strings.Join(names, " "), ShownTo: to.Channel,
	}
	if err := f.bot.cfg.Store.Audit(ctx, entry); err != nil {
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

// export makes the files of one kind, and a sentence where they hold less than
// there is.
func (f follow) export(ctx context.Context, a hunts.Answer, kind string) (files []outbox.File, note string, err error) {
	id := f.hunt.ID
	switch kind {
	case message.DoKQL:
		return []outbox.File{{Name: id + ".kql", Data: message.KQLFile(a)}}, "", nil
	case message.DoJSON:
		data, err := message.JSON(a)
		return []outbox.File{{Name: id + ".json", Data: data}}, "", err
	case message.DoCSV, message.DoBundle:
	default:
		return nil, "", nil
	}
	events, err := f.events(ctx, a)
	if err != nil {
		return nil, "", err
	}
	if events.Cut != "" {
		note = "Not every event is in the file: " + events.Cut + "."
	}
	if kind == message.DoCSV {
		return []outbox.File{{Name: id + "-events.csv", Data: message.EventsCSV(events.Events)}, {Name: id + "-indicators.csv", Data: message.IndicatorsCSV(a)}}, note, nil
	}
	data, err := message.Bundle(f.hunt, a, events, f.asker, f.bot.cfg.Clock())
	return []outbox.File{{Name: id + ".zip", Data: data}}, note, err
}

// events are all that the answer counts, as this channel may see them; where the
// workspace does not tell them, those that the answer carries.
func (f follow) events(ctx context.Context, a hunts.Answer) (hunts.EventList, error) {
	raw, ok, err := f.bot.cfg.Store.Answer(ctx, f.hunt.ID)
	if err != nil || !ok {
		return hunts.EventList{}, err
	}
	list, err := f.bot.cfg.Runner.Events(ctx, f.hunt, raw)
	var e *hunts.Error
	switch {
	case errors.As(err, &e) && ctx.Err() == nil:
		return hunts.EventList{Events: a.Events, Cut: "these are the newest of the answer, since " + e.Say}, nil
	case err != nil:
		return hunts.EventList{}, err
	}
	raw.Events = list.Events
	list.Events = f.bot.visible(f.asker.Channel, raw).Events
	return list, nil
}

// nowhere tells who asked for a file that its thread is gone.
func (f follow) nowhere(ctx context.Context, err error) error {
	if outbox.WhyElsewhere(err) == "" {
		return err
	}
	return f.whisper(ctx, "The thread of "+f.hunt.ID+" takes no files any more; hunt again in a channel that I am in.")
}
