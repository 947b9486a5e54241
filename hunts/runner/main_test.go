package runner

import (
	"os"
	"testing"

	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func TestMain(m *testing.M) {
	recordtest.Quiet()
	os.Exit(m.Run())
}
