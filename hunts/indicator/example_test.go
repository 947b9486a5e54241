package indicator_test

import (
	"fmt"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

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
