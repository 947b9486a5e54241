package bot_test

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// fileIn waits for a file of a thread and gives what is in it.
func (s *stage) fileIn(m localslack.Message, suffix string) []byte {
	s.t.Helper()
	var data []byte
	s.waitThread(m, func(all []localslack.Message) bool {
		for _, r := range all {
			for _, f := range r.Files {
				if strings.HasSuffix(f.Name, suffix) {
					data = s.slack.FileData(f.ID)
					return true
				}
			}
		}
		return false
	})
	return data
}

func lines(t *testing.T, data []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAnExportHasALineForEachEventAndEachIndicator(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint ip=203.0.113.66,198.51.100.24 dns=cdn-sync.example")
	m := s.waitFor("*REACHED* by 3 devices")
	caption := s.table(m).Text
	said := regexp.MustCompile(`: ([0-9,]+) events in`).FindStringSubmatch(caption)
	if said == nil {
		t.Fatalf("no number of events in\n%s", caption)
	}
	total, err := strconv.Atoi(strings.ReplaceAll(said[1], ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	s.ana.Reply(m, "csv")
	events := lines(t, s.fileIn(m, "-events.csv"))
	if len(events) != 1+total {
		t.Errorf("%d lines for %d events", len(events)-1, total)
	}
	if got := strings.Join(events[0], ","); got != "time,device,account,process,parent,command_line,remote_ip,remote_port,remote_host,action,outcome,matched,exclusion" {
		t.Errorf("its columns are %s", got)
	}
	indicators := lines(t, s.fileIn(m, "-indicators.csv"))
	if len(indicators) != 4 || !strings.Contains(strings.Join(indicators[2], ","), "198.51.100.24,ip,CLEAN,0,0") && !strings.Contains(strings.Join(indicators[2], ","), "198.51.100.24,ip,COULD_NOT_TELL,0,0") {
		t.Errorf("the indicators are %q", indicators)
	}
	s.ana.Reply(m, "zip")
	data := s.fileIn(m, ".zip")
	if p, err := evidence.Verify(bytes.NewReader(data), int64(len(data)), nil); err != nil || p.Files != 6 {
		t.Errorf("the bundle: %+v, %v", p, err)
	}
	s.ana.Reply(m, "json")
	if data := s.fileIn(m, ".json"); !bytes.Contains(data, []byte(`"verdict": "REACHED"`)) {
		t.Errorf("the answer is %.200s", data)
	}
	s.wellMannered()
}

func TestAnExportSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.workspace.Fault(localworkspace.Fault{Status: 403, Times: 1000, Match: func(q string) bool {
		first, _, _ := strings.Cut(q, "\n")
		return strings.HasSuffix(first, " events")
	}})
	s.ana.Reply(m, "csv")
	if n := len(lines(t, s.fileIn(m, "-events.csv"))); n != 101 {
		t.Errorf("%d lines, want the newest 100 of the answer", n)
	}
	s.inThread(m, "Not every event is in the file: these are the newest ones in the answer, since our identity may not read")
	s.wellMannered()
}
