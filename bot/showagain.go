package bot

import (
	"context"
	"regexp"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// huntIDForm is the id of a hunt, typed alone.
var huntIDForm = regexp.MustCompile(`(?i)^F-[2-9A-Z]{4,6}$`)

// shownAgain answers a hunt's id with what that hunt found, as this channel may see
// it; done is false for every other text.
func (b *Bot) shownAgain(ctx context.Context, key string, who hunts.Asker, text, responseURL string) (done bool, err error) {
	id := strings.ToUpper(strings.TrimSpace(text))
	if !huntIDForm.MatchString(id) {
		return false, nil
	}
	h, ok, err := b.cfg.Store.Hunt(ctx, id)
	if err != nil {
		return true, err
	}
	f := follow{bot: b, key: key, hunt: h, asker: who, responseURL: responseURL}
	switch {
	case !ok:
		f.hunt.ID = id
		return true, f.whisper(ctx, "There is no hunt "+id+", or it is no longer kept.")
	case h.State == hunts.Unsaid:
		return true, f.whisper(ctx, id+" was withdrawn.")
	}
	return true, f.show(ctx)
}
