package watchlist

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// maxImport bounds a watchlist that comes as a file.
const maxImport = 16 << 20

// HowToImport is told to who writes watch import where no file can be.
const HowToImport = "A slash command can't carry a file. Share the list in this channel (text, CSV, STIX or MISP) with `@footprint watch import` in the same message, or let a sweep read a URL before each run: `sweep add daily from=https://…`."

// Export puts the whole watchlist into the channel as a CSV, which can be
// imported again.
func (w *Lists) Export(ctx context.Context, key string, c inbound.Command) (string, error) {
	name := "watchlist-" + w.Clock().UTC().Format("2006-01-02") + ".csv"
	if err := w.Gate.Authorize(ctx, c.Asker(), hunts.Action{Name: "export", Right: hunts.MayExport, What: name, ShownTo: c.Channel}); err != nil {
		return "", err
	}
	l, err := w.Entries(ctx)
	if err != nil {
		return "", err
	}
	rows := make([][]string, 0, len(l.Entries))
	for _, e := range l.Entries {
		quiet := ""
		if e.Handled(w.Clock()) {
			quiet = e.QuietUntil.UTC().Format("2006-01-02")
		}
		rows = append(rows, []string{
			e.Indicator.String(), string(e.Indicator.Kind), e.Source, e.Owner, e.Note, fmt.Sprint(e.Confidence), strings.Join(e.Tags, ";"), e.Added.UTC().Format("2006-01-02T15:04:05Z"),
			e.Expires.UTC().Format("2006-01-02T15:04:05Z"), string(e.State), quiet, e.Ticket, fmt.Sprint(e.Hits),
		})
	}
	head := []string{"indicator", "type", "source", "owner", "note", "confidence", "tags", "added", "expires", "state", "quiet_until", "ticket", "hits"}
	if err := w.Out.Files(ctx, key, outbox.Place{Channel: c.Channel}, outbox.File{Name: name, Data: message.SheetCSV(head, rows)}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d indicators are in %s.", len(rows), name), nil
}

// Import reads the files of a message onto the watchlist. since= says how
// long entries live that bring no end of their own, why= is their note.
func (w *Lists) Import(ctx context.Context, key string, who hunts.Asker, text string, files []inbound.File) error {
	at := outbox.Place{Channel: who.Channel, Thread: who.ThreadTS}
	say := func(sentence string) error {
		_, err := w.Out.Post(ctx, "watch-import:"+key, at, func(v message.View) message.Message { return message.Said(sentence, v) })
		return err
	}
	action := hunts.Action{Name: "watch-import", Right: hunts.MayWatch, What: filesOf(files)}
	if _, err := w.Gate.Foresee(ctx, who, action); err != nil {
		return w.Out.Tell(err, func(m message.Message) error {
			_, err := w.Out.Post(ctx, "watch-import:"+key, at, func(message.View) message.Message { return m })
			return err
		})
	}
	columns, text, err := columnsOf(text)
	if err != nil {
		return say(err.Error() + ".")
	}
	end, text, wrong := w.EndOf(text, sweep.DefaultLife)
	if wrong != "" {
		return say(wrong)
	}
	req, refusal := request.ParseWindow(text, w.Clock())
	switch {
	case refusal != nil:
		return say(refusal.Sentence)
	case len(files) == 0:
		return say(HowToImport)
	case req.Since > 0:
		if end, _, wrong = w.EndOf("", req.Since); wrong != "" {
			return say(wrong)
		}
	}
	now := w.Clock().UTC()
	var list sweep.List
	for _, f := range files {
		data, err := w.Config.Files.Download(ctx, f, maxImport)
		if err != nil {
			return w.Out.Tell(err, func(m message.Message) error {
				_, err := w.Out.Post(ctx, "watch-import:"+key, at, func(message.View) message.Message { return m })
				return err
			})
		}
		read, err := feed.Read(f.Name, bytes.NewReader(data), columns, now)
		if err != nil {
			return say(err.Error() + ".")
		}
		list.Entries = append(list.Entries, read.Entries...)
		list.Join(read.Problems, read.More)
		list.Notes = append(list.Notes, read.Notes...)
	}
	for n := range list.Entries {
		e := &list.Entries[n]
		e.Source, e.Owner, e.Added = "file "+e.Source, who.User, now
		if e.Note == "" {
			e.Note = req.Why
		}
		if e.Renewed { // the file gave no end
			e.Expires = end
		}
	}
	action.What, action.Why = fmt.Sprintf("%d indicators of %s", len(list.Entries), action.What), req.Why
	if err := w.Gate.Authorize(ctx, who, action); err != nil {
		return err
	}
	changed, fresh, held, sentence, err := w.put(ctx, list.Entries)
	switch {
	case err != nil:
		return err
	case sentence != "":
		return say(sentence)
	}
	list.Join(held, nil)
	view := message.ImportView{Taken: len(changed), Fresh: fresh, Notes: list.Notes}
	view.NotEvaluated, view.Left = leftOut(list.Problems, list.Left())
	_, err = w.Out.Post(ctx, "watch-import:"+key, at, func(v message.View) message.Message { return message.Imported(view, v) })
	return err
}

// columnsOf takes what a person says of the columns of a CSV out of a text:
// columns="indicator=Bad host,expires=Good until".
func columnsOf(text string) (columns sweep.Columns, rest string, err error) {
	value, rest := takeOption(text, "columns")
	columns, err = sweep.ParseColumns(value)
	return columns, rest, err
}

func filesOf(files []inbound.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
