package bot

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

const (
	// auditBack is how far back the audit is searched when nothing is said.
	auditBack = 30 * 24 * time.Hour
	// auditShown bounds the lines of one answer; `footprint audit` has all.
	auditShown = 20
	// auditFor bounds one search of the audit.
	auditFor = 15 * time.Second
)

// auditQuestion is what somebody asks the audit for: all that is set must fit.
type auditQuestion struct {
	values []string // indicators, any of them
	hunt   string
	user   string
	since  time.Time
}

var (
	huntWord = regexp.MustCompile(`^F-[2-9A-Z]{4,6}$`)
	userWord = regexp.MustCompile(`^(?:<@)?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?$`)
)

// parseAudit reads /footprint audit …: indicators as everywhere, a hunt, a
// person, and since=.
func parseAudit(text string, now time.Time) (auditQuestion, string) {
	q := auditQuestion{since: now.Add(-auditBack)}
	var rest []string
	for _, word := range strings.Fields(text) {
		user := userWord.FindStringSubmatch(strings.TrimPrefix(word, "by="))
		switch {
		case huntWord.MatchString(strings.ToUpper(word)):
			q.hunt = strings.ToUpper(word)
		case user != nil:
			q.user = user[1]
		case strings.HasPrefix(word, "since="):
			back, refusal := request.ParseDuration(strings.TrimPrefix(word, "since="))
			if refusal != nil {
				return q, refusal.Sentence
			}
			q.since = now.Add(-back)
		default:
			rest = append(rest, word)
		}
	}
	if len(rest) == 0 {
		return q, ""
	}
	req, refusal := request.Parse(strings.Join(rest, " "), now)
	if refusal != nil {
		return q, refusal.Sentence
	}
	for _, i := range req.Indicators() {
		q.values = append(q.values, strings.ToLower(i.Value), strings.ToLower(i.String()))
	}
	return q, ""
}

// auditAnswer collects entries as they go by, oldest first.
type auditAnswer struct {
	asked auditQuestion
	hunts map[string]bool // that named one of the indicators
	found []hunts.AuditEntry
	total int
}

func (a *auditAnswer) meets(e hunts.AuditEntry) bool {
	q := a.asked
	if q.hunt != "" && e.HuntID != q.hunt || q.user != "" && e.User != q.user {
		return false
	}
	if len(q.values) == 0 {
		return true
	}
	if e.HuntID != "" && a.hunts[e.HuntID] {
		return true
	}
	words := strings.FieldsFunc(strings.ToLower(e.What), func(r rune) bool { return r == ' ' || r == ',' || r == '=' || r == '"' })
	named := slices.ContainsFunc(q.values, func(v string) bool { return slices.Contains(words, v) })
	if named && e.HuntID != "" {
		a.hunts[e.HuntID] = true
	}
	return named
}

func (a *auditAnswer) take(e hunts.AuditEntry) {
	if !a.meets(e) {
		return
	}
	a.total++
	if a.found = append(a.found, e); len(a.found) > auditShown {
		a.found = a.found[1:]
	}
}

// auditCommand answers /footprint audit …, to one person. That it was asked is in
// the audit as well.
func (b *Bot) auditCommand(ctx context.Context, c inbound.Command, text string) (string, error) {
	now := b.cfg.Clock().UTC()
	q, wrong := parseAudit(text, now)
	if wrong != "" {
		return wrong, nil
	}
	if err := b.policy.Authorize(ctx, c.Asker(), hunts.Action{Name: "audit", Right: hunts.MayAudit, What: "audit " + text, ShownTo: c.User}); err != nil {
		return "", err
	}
	within, stop := context.WithTimeout(ctx, auditFor)
	defer stop()
	a := &auditAnswer{asked: q, hunts: map[string]bool{}}
	err := b.cfg.Store.AuditSince(within, q.since, func(e hunts.AuditEntry, _ string) error {
		if e.Action != "audit" {
			a.take(e)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if a.total == 0 {
		return "No audit entries match since " + q.since.Format("Jan 2, 2006, 15:04 UTC") + ".", nil
	}
	head := fmt.Sprintf("%d entries since %s", a.total, q.since.Format("Jan 2, 2006, 15:04 UTC"))
	if a.total > len(a.found) {
		head += fmt.Sprintf(", the newest %d; `footprint audit` has all", len(a.found))
	}
	lines := []string{head + ":"}
	red := b.policy.Redaction(c.Channel)
	for i := len(a.found) - 1; i >= 0; i-- {
		lines = append(lines, message.AuditLine(visibleEntry(red, a.found[i])))
	}
	return strings.Join(lines, "\n"), nil
}

// visibleEntry is an entry as a channel may see it: the request that it holds names
// devices and users in its own grammar.
func visibleEntry(red *policy.Redaction, e hunts.AuditEntry) hunts.AuditEntry {
	req, _ := request.Parse(e.What, e.Time)
	return policy.Redact(red, struct {
		Devices, Accounts []string
		E                 hunts.AuditEntry
	}{req.Devices, req.Accounts, e}).E
}
