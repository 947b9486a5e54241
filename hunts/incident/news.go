package incident

import "github.com/footprint-soc/footprint/hunts/indicator"

// News is what one round has to tell: it stays in the ledger until it was told.
type News struct {
	ID    int        `json:"id"`
	Lines []NewsLine `json:"lines"`
}

// NewsLine is an indicator that devices reached of which the thread was not told.
type NewsLine struct {
	Indicator indicator.Indicator `json:"indicator"`
	Devices   []string            `json:"devices"`
	Count     int                 `json:"count,omitempty"` // of all of them; the names are bounded
	Hunt      string              `json:"hunt"`
	Asker     string              `json:"asker"`
}
