package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// maxFilled is what a text field can be filled with.
const maxFilled = 3000

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
	fieldWorkspace  = "workspace"
)

func draftOf(v inbound.View) hunts.Draft {
	return hunts.Draft{Text: v.Field(fieldIndicators), Since: v.Field(fieldSince), Devices: v.Field(fieldDevices), Why: v.Field(fieldWhy), Workspace: v.Field(fieldWorkspace)}
}

// precheck judges a submitted modal before it is acknowledged, since errors on
// fields and a following view travel in the acknowledgement only. Nil lets the
// submission pass to the queue; anything else is the whole answer.
func (b *Bot) precheck(ctx context.Context, payload json.RawMessage) any {
	var i inbound.Interaction
	if json.Unmarshal(payload, &i) != nil || i.Type != "view_submission" {
		return nil
	}
	var wrong map[string]string
	switch i.View.Callback {
	case message.ModalHunt:
		d := draftOf(i.View)
		p := readPaste(d.Text, *b.cfg.Guard)
		if _, wrong = b.requestOf(d, p, p.hunt); wrong != nil && (wrong[fieldIndicators] == "" || len(p.left) == 0) || !p.wantsPreview() {
			break
		}
		return b.preview(ctx, i.View, d, p)
	case message.ModalPreview:
		wrong = b.checkPreview(ctx, i.View)
	case message.ModalMark:
		if i.View.Field(fieldVerdict) == "" {
			wrong = map[string]string{fieldVerdict: "Choose what they are."}
			break
		}
		if until := i.View.Field(fieldUntil); until != "" {
			t, err := time.Parse("2006-01-02", until)
			if err != nil || !t.After(b.cfg.Clock()) {
				wrong = map[string]string{fieldUntil: "Choose a day after today: a mark expires on it."}
			}
		}
	}
	if wrong == nil {
		return nil
	}
	return slack.NewErrorsViewSubmissionResponse(wrong)
}

// preview keeps the form and shows what was read in it.
func (b *Bot) preview(ctx context.Context, v inbound.View, d hunts.Draft, p paste) any {
	within, stop := context.WithTimeout(ctx, b.cfg.AckWithin)
	defer stop()
	if err := b.cfg.Documents.Drafts.Put(within, v.ID, d); err != nil {
		b.cfg.Log.ErrorContext(ctx, "draft not kept", "error", err)
		return slack.NewErrorsViewSubmissionResponse(map[string]string{fieldIndicators: sayNotTaken})
	}
	next := message.PreviewModal(v.Private, message.Preview{Hunt: p.hunt, LeftOut: p.left, Refanged: p.refanged, Duplicates: p.duplicates})
	return slack.NewUpdateViewSubmissionResponse(&next)
}

// refusedView keeps a submitted modal open, with what was typed in it, and says why
// beside its first field; nil for everything that is no
// submitted modal with a field.
func refusedView(payload json.RawMessage, sentence string) any {
	var i inbound.Interaction
	if json.Unmarshal(payload, &i) != nil || i.Type != "view_submission" {
		return nil
	}
	fields := slices.Sorted(maps.Keys(i.View.State.Values))
	if len(fields) == 0 {
		return nil
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{fields[0]: sentence})
}

// checkPreview finds out whether anything is left to hunt.
func (b *Bot) checkPreview(ctx context.Context, v inbound.View) map[string]string {
	within, stop := context.WithTimeout(ctx, b.cfg.AckWithin)
	defer stop()
	field := message.FieldHeld
	d, ok, err := b.cfg.Documents.Drafts.Get(within, v.ID)
	if err != nil || !ok {
		return nil // told by whoever takes the job: the fields can't be told apart without it
	}
	p := readPaste(d.Text, *b.cfg.Guard)
	if !slices.ContainsFunc(p.left, func(l message.LeftOut) bool { return !l.Doubtful }) {
		field = message.FieldDoubtful
	}
	if len(p.left) == 0 {
		return nil
	}
	_, wrong := b.requestOf(d, p, p.with(v.Chosen(message.FieldHeld, message.FieldDoubtful)))
	if wrong == nil {
		return nil
	}
	for _, sentence := range wrong {
		return map[string]string{field: sentence}
	}
	return nil
}

// requestOf makes a request of a form, for the indicators of it that are to be
// hunted. The map has a sentence for each field that is wrong.
func (b *Bot) requestOf(d hunts.Draft, p paste, list []indicator.Indicator) (request.Request, map[string]string) {
	rest := strings.Join([]string{d.Since, deviceWords(d.Devices), whyWord(d.Why)}, " ")
	if req, ok := b.namedHunt(d, rest); ok && len(list) == 0 {
		return req, nil
	}
	switch {
	case len(list) == 0 && len(p.left) > 0:
		return request.Request{}, map[string]string{fieldIndicators: "Everything here is skipped or not sure. Choose what to hunt anyway."}
	case len(list) == 0:
		return request.Request{}, map[string]string{fieldIndicators: "No address, domain, URL or hash found. Paste one per line, or a whole report."}
	case len(list) > request.MaxIndicators:
		return request.Request{}, map[string]string{fieldIndicators: fmt.Sprintf("%d indicators are more than one hunt takes (%d). Put them on the watchlist, or hunt fewer.", len(list), request.MaxIndicators)}
	}
	req, refusal := request.ParseWindow(rest, b.cfg.Clock())
	if refusal != nil {
		field := fieldSince
		if refusal.Key == "device" {
			field = fieldDevices
		}
		return req, map[string]string{field: refusal.Sentence}
	}
	if d.Workspace != "" {
		req.Workspaces = []string{d.Workspace}
	}
	for _, i := range list {
		req.Add(i)
	}
	if len(req.Files) > 0 && len(req.IPs)+len(req.Domains) > 0 && !p.keyed {
		// a report names hashes and files beside addresses; together in one hunt they
		// would restrict each other
		req.Files = nil
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

// submitted does what a modal asked for.
func (b *Bot) submitted(ctx context.Context, key string, i inbound.Interaction) error {
	var at message.FormPlace
	if err := json.Unmarshal([]byte(i.View.Private), &at); err != nil {
		b.cfg.Log.ErrorContext(ctx, "modal dropped, its metadata is not ours", "error", err)
		return nil
	}
	who := i.Asker()
	who.Channel, who.ThreadTS = at.Channel, at.Thread
	tell := func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, "", m) }
	if err := b.admit(ctx, who, "form", i.View.Callback); err != nil {
		return b.out.Tell(err, tell)
	}
	switch i.View.Callback {
	case message.ModalHunt:
		d := draftOf(i.View)
		p := readPaste(d.Text, *b.cfg.Guard)
		return b.huntDraft(ctx, key, who, d, p, p.hunt)
	case message.ModalPreview:
		d, ok, err := b.cfg.Documents.Drafts.Get(ctx, i.View.ID)
		if err != nil {
			return err
		}
		if !ok {
			return b.out.Whisper(ctx, who.Channel, who.User, "", message.Refused("That preview is over an hour old; type /footprint again.", b.view()))
		}
		p := readPaste(d.Text, *b.cfg.Guard)
		return b.huntDraft(ctx, key, who, d, p, p.with(i.View.Chosen(message.FieldHeld, message.FieldDoubtful)))
	case message.ModalChoose:
		return b.out.Tell(b.chosen(ctx, key, at, who, i.View.Chosen(i.View.Ticked(message.FieldHeld)...)), tell)
	case message.ModalMark:
		return b.out.Tell(b.setMark(ctx, key, at, who, i.View), tell)
	}
	return nil
}

// chosen hunts what was left out and somebody ticked: the lines of a thread's ledger,
// or the rest of what stood beside a mention.
func (b *Bot) chosen(ctx context.Context, key string, at message.FormPlace, who hunts.Asker, list []string) error {
	if at.What == "" {
		return b.buttons.Include(ctx, key, at, who, list)
	}
	if len(list) == 0 {
		return nil
	}
	req, refusal := request.Parse(strings.Join(append(list, at.What), " "), b.cfg.Clock())
	if refusal != nil {
		return &hunts.Error{Kind: hunts.KindRefused, Say: refusal.Sentence}
	}
	h, err := b.huntFor(ctx, key, req, who, nil)
	if err != nil {
		return err
	}
	return b.start(ctx, h, "")
}

func (b *Bot) huntDraft(ctx context.Context, key string, who hunts.Asker, d hunts.Draft, p paste, list []indicator.Indicator) error {
	req, wrong := b.requestOf(d, p, list)
	for _, sentence := range wrong { // most were told in the acknowledgement
		return b.out.Whisper(ctx, who.Channel, who.User, "", message.Refused(sentence, b.view()))
	}
	h, err := b.huntFor(ctx, key, req, who, nil)
	if err != nil {
		return b.out.Tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, "", m) })
	}
	return b.start(ctx, h, "")
}

// markLife is how long a mark lasts when no day was chosen.
const markLife = 90 * 24 * time.Hour

func (b *Bot) setMark(ctx context.Context, key string, at message.FormPlace, who hunts.Asker, v inbound.View) error {
	h, ok, err := b.cfg.Store.Hunt(ctx, at.Hunt)
	if err != nil {
		return err
	}
	if at.What != "" {
		req, refusal := request.Parse(at.What, b.cfg.Clock())
		h, ok = hunts.Hunt{Request: req}, refusal == nil
	}
	if !ok {
		return nil
	}
	until := b.cfg.Clock().Add(markLife)
	if day, err := time.Parse("2006-01-02", v.Field(fieldUntil)); err == nil {
		until = day
	}
	m := hunts.Mark{Verdict: v.Field(fieldVerdict), Ticket: v.Field(fieldTicket), Note: v.Field(fieldNote), By: who.Name, Until: until}
	if m.Verdict != hunts.Malicious && m.Verdict != "benign" {
		m.Verdict = "known"
	}
	action := hunts.Action{Name: "mark", Right: hunts.MayMark, HuntID: h.ID, What: request.Format(h.Request), Why: m.Note, Outcome: m.Text()}
	if err := b.policy.Authorize(ctx, who, action); err != nil {
		return err
	}
	marks := map[string]hunts.Mark{}
	for _, i := range h.Request.Indicators() {
		marks[i.String()] = m
	}
	if err := b.cfg.Documents.Marks.PutAll(ctx, marks); err != nil {
		return err
	}
	if thread := cmp.Or(h.Asker.ThreadTS, who.ThreadTS); thread != "" { // its ledger says so as well
		if _, known, err := b.cfg.Threads.Ledgers.Get(ctx, incident.Thread{Channel: who.Channel, TS: thread}); err != nil {
			return err
		} else if known {
			if err := b.ledger.Queue(ctx, "mark:"+key, who.Channel, thread); err != nil {
				return err
			}
		}
	}
	if h.ID == "" {
		_, err := b.out.Post(ctx, "marked:"+key, outbox.Place{Channel: who.Channel, Thread: who.ThreadTS}, func(View message.View) message.Message { return message.Marked(h, m.Text(), m.Note, View) })
		return err
	}
	parent, ok, err := b.cfg.Store.LoadPost(ctx, parentKey(h.ID))
	if err != nil || !ok {
		return err
	}
	if a, ok, err := b.cfg.Store.Answer(ctx, h.ID); err == nil && ok {
		if err := b.paintAnswer(ctx, h, a, parent); err != nil {
			return err
		}
	}
	f := follow{bot: b, key: key, hunt: h, asker: who}
	return f.say(ctx, "marked", func(View message.View) message.Message { return message.Marked(h, m.Text(), m.Note, View) })
}
