package bot_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// TestMain lets many stages run at once: a stage waits for sockets far more
// than it computes, so the number of processors is the wrong bound.
func TestMain(m *testing.M) {
	flag.Parse()
	recordtest.Quiet()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
