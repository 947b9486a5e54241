package incident

import (
	"fmt"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestTheNewsOfALineCountTheSameDevicesAsTheLine(t *testing.T) {
	t.Parallel()
	reached := func(n int) hunts.Answer {
		a := hunts.Answer{Verdict: hunts.Reached}
		for i := range n {
			a.ByDevice = append(a.ByDevice, hunts.DeviceResult{Device: fmt.Sprintf("WS-%04d", i), Outcome: hunts.OutcomeReached})
		}
		a.ByDevice = append(a.ByDevice, hunts.DeviceResult{Device: "WS-TRIED", Outcome: hunts.OutcomeFailed})
		return a
	}
	var x Line
	for _, round := range []struct {
		devices int
		told    int
		news    bool
	}{{1879, 1879, true}, {1879, 0, false}, {1882, 3, true}, {1880, 0, false}, {1882, 0, false}} {
		line, news := x.Answered(hunts.Hunt{}, reached(round.devices))
		if x.Devices != int64(round.devices) || news != round.news || line.Count != round.told {
			t.Errorf("%d devices: the line says %d, the news %d (%t), want %d", round.devices, x.Devices, line.Count, news, round.told)
		}
	}
	old := Line{Told: []string{"ws-0000", "ws-0001"}} // written before the devices were counted
	if line, news := old.Answered(hunts.Hunt{}, reached(3)); !news || line.Count != 1 || len(line.Devices) != 1 {
		t.Errorf("an older ledger tells %+v", line)
	}
}
