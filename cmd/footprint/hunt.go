package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// hunt runs one hunt in the terminal, over exported events or over the
// configured workspace.
func hunt(ctx context.Context, p process, args []string) error {
	f := newFlags("hunt")
	exported := f.exports()
	name := f.String("hunt", "", "name of a catalogue hunt")
	format := f.choice("format", "table", "table", "json", "csv", "kql", "kql-summary")
	timeout := f.Duration("timeout", huntFor, "how long the whole hunt may take")
	words, err := f.parse(args)
	if err != nil {
		return err
	}
	text := request.Join(words)
	if *name != "" {
		text = "hunt=" + *name + " " + text
	}
	req, refusal := request.Parse(text, nowFor(*exported.path, p.clock))
	if refusal != nil {
		return usageError{refusal.Sentence}
	}
	if req.Incident != "" {
		return usageError{"incident= starts a ledger in a thread of Slack: here, write the indicators themselves"}
	}
	cfg, err := loadConfig(p.env)
	if err != nil {
		return err
	}
	began := time.Now()
	parts, err := assemble(ctx, cfg, assembly{
		events: *exported.path, exports: exported, hunt: huntNamed(req.Hunt), standing: exported.stands(req.From, req.To), progress: p.stderr, clock: p.clock, terminal: true,
	})
	if err != nil {
		return err
	}
	defer parts.close()
	id, err := parts.store.NewHuntID(ctx, "")
	if err != nil {
		return err
	}
	h, err := parts.runner.Prepare(id, req, hunts.Asker{User: login(), Name: login()})
	if err != nil {
		return refusedAtTerminal(err)
	}
	within, stop := context.WithTimeout(ctx, *timeout)
	defer stop()
	answer, err := parts.runner.Run(within, h, nil)
	if err != nil {
		return refusedAtTerminal(err)
	}
	if parts.events != nil { // whose clock stands still
		answer.Source.TookMS = time.Since(began).Milliseconds()
		answer.Notes = append(answer.Notes, parts.events.Notes()...)
		if d, ok := parts.catalog.Get(h.Name); ok && asksArrival(d.Query) && !parts.events.KnowsArrival(d.Footprint.Table) {
			answer.Notes = append(answer.Notes, "The export does not say when its events arrived: ingestion_time() is the time of the event.")
		}
	}
	parts.reportBadLines(p.stderr)
	if err := write(p.stdout, answer, *format); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	if answer.Verdict == hunts.CouldNotTell {
		if *format != "json" && *format != "table" { // which have no place for a verdict: an empty table must not pass for CLEAN
			fmt.Fprintln(p.stderr, "footprint hunt: could not tell: "+answer.Reason)
		}
		return couldNotTell{}
	}
	return nil
}

// asksArrival tells whether a query asks when events arrived, for more than what
// every hunt asks it: which of them came late.
func asksArrival(query string) bool {
	return strings.Count(query, "ingestion_time()") > strings.Count(query, "ingestion_time() >= arrived_from")
}

// huntFor bounds a whole hunt in the terminal: whoever waits in front of it gets
// what was found by then.
const huntFor = 2 * time.Minute

func refusedAtTerminal(err error) error {
	var e *hunts.Error
	if errors.As(err, &e) && e.Kind == hunts.KindRefused {
		return usageError{e.Say}
	}
	return err
}

func write(w io.Writer, a hunts.Answer, format string) error {
	switch format {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(a)
	case "csv":
		_, err := w.Write(message.CSV(a))
		return err
	case "kql": // for a person in a portal
		_, err := io.WriteString(w, strings.TrimRight(a.RowKQL, "\n")+"\n")
		return err
	case "kql-summary": // as it was sent
		_, err := io.WriteString(w, a.KQL+"\n")
		return err
	}
	return message.Terminal(w, a)
}

func login() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "terminal"
}
