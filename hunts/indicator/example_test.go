package indicator_test

import (
	"fmt"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func ExampleParse() {
	request, refusal := indicator.Parse(`203.0.113[.]66 dns=hxxps://cdn-sync[.]example/a why="ISAC tip"`, testclock.At())
	if refusal != nil {
		fmt.Println(refusal.Sentence)
		return
	}
	for _, i := range request.Indicators() {
		fmt.Println(i.Kind, i.Value)
	}
	fmt.Println(indicator.Format(request))
	// Output:
	// ip 203.0.113.66
	// url https://cdn-sync.example/a
	// ip=203.0.113.66 dns=https://cdn-sync.example/a why="ISAC tip"
}

func ExampleParse_refused() {
	_, refusal := indicator.Parse("ipp=203.0.113.66", testclock.At())
	fmt.Println(refusal.Sentence)
	_, refusal = indicator.Parse("ip=203.0.113.666", testclock.At())
	fmt.Println(refusal.Sentence)
	// Output:
	// I don't know the key "ipp": did you mean ip=203.0.113[.]66?
	// "203.0.113.666" is not an IP address: each of the four numbers goes from 0 to 255, as in ip=203.0.113[.]66
}

func ExampleExtract() {
	text := "Beacons to hxxps://cdn-sync[.]example/a (203.0.113[.]66), agent v1.2.3.4, see readme.md"
	for _, f := range indicator.Extract(text, indicator.ExtractOptions{}) {
		fmt.Println(f.Indicator.Kind, f.Indicator.Defanged(), f.Doubtful)
	}
	// Output:
	// url hxxps://cdn-sync[.]example/a false
	// ip 203.0.113[.]66 false
	// ip 1.2.3[.]4 true
}
