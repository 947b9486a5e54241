package policy

import (
	"slices"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestWhoGotAMailIsHiddenAloneOrWithTheUsers(t *testing.T) {
	a := hunts.Answer{
		Reason: "mail delivered to ana@corp.example, Nov 3 10:00 UTC; bo@corp.example: clicked",
		Places: []hunts.Place{{Steps: []hunts.Step{{Recipient: "ana@corp.example"}, {Account: "bo@corp.example"}}}},
	}
	for what, want := range map[string]string{
		RedactRecipients: "mail delivered to recipient-1, Nov 3 10:00 UTC; bo@corp.example: clicked",
		RedactUsers:      "mail delivered to user-1, Nov 3 10:00 UTC; user-2: clicked",
		RedactSecrets:    a.Reason,
	} {
		got := Redact(NewRedaction(what), a)
		if got.Reason != want {
			t.Errorf("%s: %q, want %q", what, got.Reason, want)
		}
		if hidden := got.Places[0].Steps[0].Recipient != "ana@corp.example"; hidden != (what != RedactSecrets) {
			t.Errorf("%s: the recipient is %q", what, got.Places[0].Steps[0].Recipient)
		}
	}
}

func TestAPolicyRestrictsPlacesByChannel(t *testing.T) {
	p, err := Parse([]byte("default: {allow: [hunt]}\nchannels:\n  C0ITOPS001: {allow: [hunt], places: [endpoint, network]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	limits := p.Channels["C0ITOPS001"].Places
	if !slices.Equal(limits, []string{"endpoint", "network"}) || p.Default.Places != nil {
		t.Errorf("%q, by default %q", limits, p.Default.Places)
	}
	h := hunts.Hunt{Places: limits}
	for group, want := range map[string]string{hunts.PlaceEndpoint: "", "network": "", "mail": "not allowed in this channel"} {
		if got := h.LeavesOut(group); got != want {
			t.Errorf("%s: %q, want %q", group, got, want)
		}
	}
	var _ hunts.PlaceLimiter = (*Gate)(nil)
}

func TestAHitOfASweepHidesWhoGotTheMailWhereverItStands(t *testing.T) {
	s := hunts.Survey{Hits: []hunts.Hit{{Device: "ana@corp.example", Recipient: "ana@corp.example", Because: "mail delivered to ana@corp.example"}}}
	for what, want := range map[string]string{RedactRecipients: "recipient-1", RedactUsers: "user-1"} {
		h := Redact(NewRedaction(what), s).Hits[0]
		if h.Device != want || h.Recipient != want || h.Because != "mail delivered to "+want {
			t.Errorf("%s: %+v", what, h)
		}
	}
}
