package message

import (
	"cmp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/bot/message/picture"
	"github.com/footprint-soc/footprint/hunts"
)

// maxTreeChains is how many chains of processes one picture shows.
const maxTreeChains = 6

// Tree draws how a device came to its contacts: grandparent, parent, process, and what
// the process talked to. rows are those of the device. alt says the same in words; a
// lineage without a start has no picture.
func Tree(device string, l hunts.Lineage, rows []hunts.Row) (png []byte, alt string, err error) {
	t := picture.Tree{Title: "How " + shown(device, maxShort) + " came to the contact"}
	var words []string
	seen := map[string]bool{}
	for _, s := range l.Starts {
		chain := chainOf(s, rows)
		var names []string
		for _, b := range chain {
			names = append(names, b.Name)
		}
		text := strings.Join(names, " → ")
		if seen[text] || len(words) == maxTreeChains {
			continue
		}
		seen[text] = true
		t.Chains, words = append(t.Chains, chain), append(words, text)
	}
	if len(words) == 0 {
		return nil, "", nil
	}
	png, err = picture.PNG(t)
	return png, cutText("Process tree of "+shown(device, maxShort)+": "+strings.Join(words, "; "), maxSentence), err
}

// chainOf is one start, and the remote side that its process talked to most.
func chainOf(s hunts.Start, rows []hunts.Row) []picture.Box {
	var chain []picture.Box
	for _, name := range []string{s.Grandparent, s.Parent} {
		if name != "" {
			chain = append(chain, picture.Box{Name: shown(name, maxShort)})
		}
	}
	chain = append(chain, picture.Box{Name: shown(s.Process, maxShort), Detail: cmp.Or(shortAccount(s.Account), "")})
	met := slices.DeleteFunc(slices.Clone(rows), func(r hunts.Row) bool { return r.Hidden || !strings.EqualFold(r.Process, s.Process) })
	if len(met) == 0 {
		return chain
	}
	slices.SortStableFunc(met, func(x, y hunts.Row) int {
		return cmp.Or(cmp.Compare(outcomeRank(x.Outcome), outcomeRank(y.Outcome)), cmp.Compare(y.Events, x.Events))
	})
	top := met[0]
	return append(chain, picture.Box{Name: shownRemote(cmp.Or(top.RemoteHost, top.RemoteIP), maxShort), Detail: outcomeWord(top.Outcome) + ", " + count(top.Events, "event"), Remote: true})
}
