package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

// errTooLong stops a download at its bound.
var errTooLong = errors.New("the file is longer than it says")

// bounded takes so many bytes and no more.
type bounded struct {
	bytes.Buffer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}

// files reads what people shared, and sends the token to Slack only.
type files struct {
	api *slack.Client
	out *outbox.Outbox
	own string // base URL of a stand-in for Slack; empty for Slack's own servers
}

// Download reads a shared file. It wants the scope files:read; without it Slack
// shows a sign-in page. The error is a *hunts.Error with a sentence for people
// unless Slack is not well.
func (x files) Download(ctx context.Context, f inbound.File, limit int) ([]byte, error) {
	refuse := func(format string, a ...any) error {
		return &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf(format, a...)}
	}
	switch {
	case f.External || f.URL == "" || f.Access == "check_file_info":
		return nil, refuse("I can't read %s: it isn't stored in this Slack workspace.", f.Name)
	case !x.slacksOwn(f.URL):
		return nil, refuse("I can't read %s: it isn't on Slack's own servers, and I send my token nowhere else.", f.Name)
	case f.Size > limit:
		return nil, refuse("%s is larger than %d MB.", f.Name, limit>>20)
	}
	var out bounded
	err := x.out.Call(ctx, outbox.Unpaced, func() error {
		out = bounded{left: limit}
		return x.api.GetFileContext(ctx, f.URL, &out)
	})
	var status slack.StatusCodeError
	switch {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(err, errTooLong):
		return nil, refuse("%s is larger than %d MB.", f.Name, limit>>20)
	case strings.Contains(err.Error(), "sign-in page"), errors.As(err, &status) && (status.Code == 403 || status.Code == 404):
		return nil, refuse("I can't read %s: the app needs the files:read scope, which an operator can add.", f.Name)
	}
	return nil, fmt.Errorf("reading the file %s: %w", f.ID, err)
}

// slacksOwn tells whether an address is one of Slack, or of the server that stands
// in for it: the token is sent along.
func (x files) slacksOwn(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if own, err := url.Parse(x.own); err == nil && x.own != "" && u.Scheme == own.Scheme && u.Host == own.Host {
		return true
	}
	host := strings.ToLower(u.Host)
	return u.Scheme == "https" && (host == "slack.com" || strings.HasSuffix(host, ".slack.com") || host == "slack-gov.com" || strings.HasSuffix(host, ".slack-gov.com"))
}
