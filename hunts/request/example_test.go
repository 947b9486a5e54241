package request_test

import (
	"fmt"

	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func ExampleParse() {
	asked, refusal := request.Parse(`203.0.113[.]66 dns=hxxps://cdn-sync[.]example/a why="ISAC tip"`, testclock.At())
	if refusal != nil {
		fmt.Println(refusal.Sentence)
		return
	}
	for _, i := range asked.Indicators() {
		fmt.Println(i.Kind, i.Value)
	}
	fmt.Println(request.Format(asked))
	// Output:
	// ip 203.0.113.66
	// url https://cdn-sync.example/a
	// ip=203.0.113.66 dns=https://cdn-sync.example/a why="ISAC tip"
}

func ExampleParse_refused() {
	_, refusal := request.Parse("ipp=203.0.113.66", testclock.At())
	fmt.Println(refusal.Sentence)
	_, refusal = request.Parse("ip=203.0.113.666", testclock.At())
	fmt.Println(refusal.Sentence)
	// Output:
	// I don't know the key "ipp": did you mean ip=203.0.113[.]66?
	// "203.0.113.666" is not an IP address: each of the four numbers goes from 0 to 255, as in ip=203.0.113[.]66
}
