package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// keepDraft is how long the preview of a form may stay open.
const keepDraft = time.Hour

// drafts are what was typed into a form whose preview is open.
func drafts(in JSON) hunts.Collection[string, hunts.Draft] {
	return of[hunts.Draft](in, "draft", keepDraft)
}
