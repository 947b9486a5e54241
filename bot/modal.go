package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// modalPlace travels in a modal's private metadata: where its answer goes.
type modalPlace struct {
	Channel string `json:"c,omitempty"`
	Thread  string `json:"t,omitempty"`
	Hunt    string `json:"h,omitempty"`
}

func (p modalPlace) text() string {
	data, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return string(data)
}

func (b *Bot) openHuntModal(ctx context.Context, trigger string, at modalPlace, filled string) error {
	found := ""
	if filled != "" {
		list, _ := huntable(filled, indicator.DefaultGuard())
		lines := make([]string, 0, len(list))
		for _, i := range list {
			lines = append(lines, i.Defanged())
		}
		found = strings.Join(lines, "\n")
	}
	return b.open(ctx, trigger, message.HuntModal(at.text(), found))
}

func (b *Bot) openMarkModal(ctx context.Context, trigger string, h hunts.Hunt) error {
	return b.open(ctx, trigger, message.MarkModal(modalPlace{Channel: h.Asker.Channel, Hunt: h.ID}.text(), h))
}

// open shows a modal. A trigger lives three seconds and once: a job that comes
// back later has nothing to open any more, and no reason to be tried again.
func (b *Bot) open(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	_, err := b.api.OpenViewContext(ctx, trigger, v)
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) && strings.Contains(answer.Err, "trigger") {
		b.cfg.Log.Info("modal not opened, its trigger is over", "error", answer.Err)
		return nil
	}
	return err
}

// Names of the fields of the modals.
const (
	fieldIndicators = "indicators"
	fieldDevices    = "devices"
	fieldSince      = "since"
	fieldWhy        = "why"
	fieldVerdict    = "verdict"
	fieldTicket     = "ticket"
	fieldNote       = "note"
	fieldUntil      = "until"
)

// precheck judges a submitted modal without any I/O, so that errors can go
// back in the acknowledgement, onto their fields. Nil lets it pass.
func (b *Bot) precheck(payload json.RawMessage) map[string]string {
	var i interaction
	if json.Unmarshal(payload, &i) != nil || i.Type != "view_submission" {
		return nil
	}
	switch i.View.Callback {
	case message.ModalHunt:
		_, wrong := b.requestOf(i.View)
		return wrong
	case message.ModalMark:
		if until := i.View.field(fieldUntil); until != "" {
			t, err := time.Parse("2006-01-02", until)
			if err != nil || !t.After(b.cfg.Clock()) {
				return map[string]string{fieldUntil: "Choose a day after today: a mark ends by itself."}
			}
		}
	}
	return nil
}

// requestOf reads the hunt modal. Pasted text is searched for indicators; what
// the guard holds back or what is doubtful is left out unless it is all there is.
func (b *Bot) requestOf(v view) (indicator.Request, map[string]string) {
	text := v.field(fieldIndicators)
	rest := strings.Join([]string{v.field(fieldSince), deviceWords(v.field(fieldDevices)), whyWord(v.field(fieldWhy))}, " ")
	list, left := huntable(text, indicator.DefaultGuard())
	if len(list) == 0 && len(left) > 0 {
		list = left // everything was held back: the person asked for it by name
	}
	if len(list) == 0 {
		return indicator.Request{}, map[string]string{fieldIndicators: "There is no address, domain, URL or hash in here. One per line is fine, so is a whole report."}
	}
	if len(list) > indicator.MaxIndicators {
		return indicator.Request{}, map[string]string{fieldIndicators: fmt.Sprintf("%d indicators are more than the %d of one hunt: put them on the watchlist, or hunt fewer.", len(list), indicator.MaxIndicators)}
	}
	req, refusal := indicator.Parse("ip=192.0.2.1 "+rest, b.cfg.Clock())
	if refusal != nil {
		field := fieldSince
		if refusal.Key == "device" {
			field = fieldDevices
		}
		return req, map[string]string{field: refusal.Sentence}
	}
	req.IPs = nil
	for _, i := range list {
		req.Add(i)
	}
	if len(req.Files) > 0 && len(req.IPs)+len(req.Domains) > 0 && !strings.Contains(strings.ToLower(text), "file=") {
		// a report names hashes beside addresses; together in one hunt they would
		// restrict each other
		req.Files = slices.DeleteFunc(req.Files, func(i indicator.Indicator) bool { return i.IsHash() })
	}
	return req, nil
}

func deviceWords(s string) string {
	var out []string
	for _, d := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == ';' }) {
		out = append(out, `device="`+strings.ReplaceAll(d, `"`, "")+`"`)
	}
	return strings.Join(out, " ")
}

func whyWord(s string) string {
	if s == "" {
		return ""
	}
	return `why="` + strings.ReplaceAll(s, `"`, "'") + `"`
}

// huntable finds the indicators of a text that deserve a hunt, and those that
// do not by themselves: held back by the guard, or doubtful.
func huntable(text string, g indicator.Guard) (list, left []indicator.Indicator) {
	if req, refusal := indicator.Parse(text, time.Time{}); refusal == nil && len(req.Indicators()) > 0 && strings.Contains(text, "=") {
		return req.Indicators(), nil // keys were typed: nothing is held back
	}
	for _, f := range indicator.Extract(text, indicator.ExtractOptions{Files: true}) {
		_, held := g.Check(f.Indicator)
		switch {
		case held || f.Doubtful:
			if !slices.Contains(left, f.Indicator) {
				left = append(left, f.Indicator)
			}
		case !slices.Contains(list, f.Indicator):
			list = append(list, f.Indicator)
		}
	}
	return list, left
}

// submitted does what a modal asked for.
func (b *Bot) submitted(ctx context.Context, key string, i interaction) error {
	var at modalPlace
	if err := json.Unmarshal([]byte(i.View.Private), &at); err != nil {
		b.cfg.Log.Error("modal dropped, its metadata is not ours", "error", err)
		return nil
	}
	who := i.asker()
	who.Channel, who.ThreadTS = at.Channel, at.Thread
	if sentence := b.barred(who.Team, who.Channel); sentence != "" {
		return b.whisper(ctx, who.Channel, who.User, "", message.Refused(sentence, b.view()))
	}
	switch i.View.Callback {
	case message.ModalHunt:
		req, wrong := b.requestOf(i.View)
		if wrong != nil {
			return nil // told in the acknowledgement
		}
		h, err := b.huntFor(ctx, key, req, who)
		if err != nil {
			return b.tell(err, func(m message.Message) error { return b.whisper(ctx, who.Channel, who.User, "", m) })
		}
		return b.start(ctx, h, "")
	case message.ModalMark:
		return b.setMark(ctx, key, at.Hunt, who, i.View)
	}
	return nil
}

// markLife is how long a mark lasts when no day was chosen.
const markLife = 90 * 24 * time.Hour

func (b *Bot) setMark(ctx context.Context, key, huntID string, who hunts.Asker, v view) error {
	h, ok, err := b.cfg.Store.Hunt(ctx, huntID)
	if err != nil || !ok {
		return err
	}
	until := b.cfg.Clock().Add(markLife)
	if day, err := time.Parse("2006-01-02", v.field(fieldUntil)); err == nil {
		until = day
	}
	m := mark{Verdict: v.field(fieldVerdict), Ticket: v.field(fieldTicket), Note: v.field(fieldNote), By: who.Name, Until: until}
	if m.Verdict != "malicious" && m.Verdict != "benign" {
		m.Verdict = "known"
	}
	for _, i := range h.Request.Indicators() {
		if err := b.cfg.Store.SetJSON(ctx, markKey(i.String()), m, until.Sub(b.cfg.Clock())); err != nil {
			return err
		}
	}
	entry := hunts.AuditEntry{Time: b.cfg.Clock().UTC(), Action: "mark", HuntID: huntID, User: who.User, Team: who.Team, Channel: who.Channel, What: indicator.Format(h.Request), Why: m.Note, Outcome: m.text()}
	if err := b.cfg.Store.Audit(ctx, entry); err != nil {
		return err
	}
	parent, ok, err := b.cfg.Store.LoadPost(ctx, parentKey(huntID))
	if err != nil || !ok {
		return err
	}
	if a, ok, err := b.cfg.Store.Answer(ctx, huntID); err == nil && ok {
		if err := b.paintAnswer(ctx, h, a, parent); err != nil {
			return err
		}
	}
	f := follow{bot: b, key: key, hunt: h, asker: who}
	return f.say(ctx, "marked", func(view message.View) message.Message { return message.Marked(h, m.text(), m.Note, view) })
}
