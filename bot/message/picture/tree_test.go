package picture

import (
	"bytes"
	"image/png"
	"os"
	"strings"
	"testing"
)

func story() Tree {
	return Tree{Title: "WS-FIN-014: how it came to the contact", Chains: [][]Box{
		{{Name: "outlook.exe"}, {Name: "winword.exe", Detail: "ana.sousa"}, {Name: "powershell.exe", Detail: "started 1 time"}, {Name: "cdn-sync[.]example", Detail: "reached · 1,207 events", Remote: true}},
		{{Name: strings.Repeat("a-very-long-name-", 9) + ".exe"}, {Name: "203.0.113[.]66", Remote: true}},
	}}
}

func TestATreeIsTheSamePictureEachTime(t *testing.T) {
	first, err := PNG(story())
	if err != nil {
		t.Fatal(err)
	}
	again, err := PNG(story())
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("two pictures of one tree differ: %v", err)
	}
	if file := os.Getenv("FOOTPRINT_TEST_TREE"); file != "" {
		if err := os.WriteFile(file, first, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATreeOfAnySizeIsAPicture(t *testing.T) {
	many := Tree{}
	for range 40 {
		many.Chains = append(many.Chains, make([]Box, 40))
	}
	for name, tree := range map[string]Tree{"nothing": {}, "empty names": {Chains: [][]Box{{{}}}}, "more than fits": many, "the story": story()} {
		data, err := PNG(tree)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil || img.Bounds().Dx() > 2000 || img.Bounds().Dy() > 1000 {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
		}
	}
}
