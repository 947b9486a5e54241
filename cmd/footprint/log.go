package main

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"github.com/footprint-soc/footprint/bot"
)

// newLog writes lines to w, each with the id of the hunt that it is about, and none
// with a secret: what slips into an error is masked here, whoever logs it.
func newLog(w io.Writer, format string, secrets ...string) *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: censor(secrets)}
	var h slog.Handler = slog.NewTextHandler(w, options)
	if format == "json" {
		h = slog.NewJSONHandler(w, options)
	}
	return slog.New(aboutHunt{h})
}

// aboutHunt adds the hunt that a context is about, unless the line names it itself.
type aboutHunt struct{ slog.Handler }

func (a aboutHunt) Handle(ctx context.Context, r slog.Record) error {
	id := bot.HuntOf(ctx)
	named := false
	r.Attrs(func(attr slog.Attr) bool {
		named = named || attr.Key == "hunt"
		if job, ok := strings.CutPrefix(attr.Value.String(), "hunt:"); ok && attr.Key == "key" && id == "" {
			id = job // a job of the stream is named after its hunt
		}
		return true
	})
	if id != "" && !named {
		r = r.Clone()
		r.AddAttrs(slog.String("hunt", id))
	}
	return a.Handler.Handle(ctx, r)
}

func (a aboutHunt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return aboutHunt{a.Handler.WithAttrs(attrs)}
}

func (a aboutHunt) WithGroup(name string) slog.Handler { return aboutHunt{a.Handler.WithGroup(name)} }

var (
	// Tokens of Slack by their beginning: https://docs.slack.dev/authentication/tokens
	slackToken = regexp.MustCompile(`\b(xox[a-z]|xapp)(?:\.xox[a-z])?-[A-Za-z0-9-]+`)
	// The paths and parameters of addresses are credentials: response_url, upload URLs,
	// socket tickets, SAS. Those of the two APIs are not.
	address = regexp.MustCompile(`\b((?:https?|wss?)://(?:[^\s/@"]*@)?[^\s/"?]+)([/?][^\s"]*)`)
	userOf  = regexp.MustCompile(`(\b[a-z]+(?:\+[a-z]+)?://)[^\s/@"]+@`)
	bearer  = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// censor masks secrets in everything that is text.
func censor(secrets []string) func([]string, slog.Attr) slog.Attr {
	var pairs []string
	for _, s := range secrets {
		if len(s) >= 6 { // shorter ones stand in other words as well
			pairs = append(pairs, s, "…")
			if escaped := url.QueryEscape(s); escaped != s {
				pairs = append(pairs, escaped, "…")
			}
		}
	}
	known := strings.NewReplacer(pairs...)
	clean := func(s string) string {
		s = slackToken.ReplaceAllString(known.Replace(s), "$1-…")
		s = bearer.ReplaceAllString(userOf.ReplaceAllString(s, "${1}…@"), "$1 …")
		return address.ReplaceAllStringFunc(s, func(a string) string {
			m := address.FindStringSubmatch(a)
			if path, _, query := strings.Cut(m[2], "?"); !query && (strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/v1/")) {
				return a
			}
			return m[1] + "/…"
		})
	}
	return func(_ []string, a slog.Attr) slog.Attr {
		switch a.Value.Kind() {
		case slog.KindString:
			a.Value = slog.StringValue(clean(a.Value.String()))
		case slog.KindAny:
			switch v := a.Value.Any().(type) {
			case error:
				a.Value = slog.StringValue(clean(v.Error()))
			case []string:
				a.Value = slog.StringValue(clean(strings.Join(v, "; ")))
			}
		}
		return a
	}
}
