package message

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// manifestName is the file of a bundle that lists the others.
const manifestName = "SHA256SUMS"

// bundleInfo says who made a bundle, when, and of what.
type bundleInfo struct {
	Hunt     string         `json:"hunt_id"`
	Verdict  hunts.Verdict  `json:"verdict"`
	Reason   string         `json:"reason"`
	AskedBy  hunts.Asker    `json:"asked_by"`
	Asked    time.Time      `json:"asked"`
	Exported time.Time      `json:"exported"`
	By       hunts.Asker    `json:"exported_by"`
	Coverage hunts.Coverage `json:"coverage"`
	Events   int            `json:"events"`               // lines of events.csv
	Cut      string         `json:"events_cut,omitempty"` // why there are more
}

// Bundle is the evidence of one hunt in a zip: the answer, its tables, the
// query, the coverage, who and when, and the SHA-256 of each.
func Bundle(h hunts.Hunt, a hunts.Answer, events hunts.EventList, by hunts.Asker, now time.Time) ([]byte, error) {
	files, err := bundleFiles(h, a, events, by, now)
	if err != nil {
		return nil, err
	}
	return zipped(files, now)
}

func bundleFiles(h hunts.Hunt, a hunts.Answer, events hunts.EventList, by hunts.Asker, now time.Time) (map[string][]byte, error) {
	answer, err := JSON(a)
	if err != nil {
		return nil, err
	}
	info, err := json.MarshalIndent(bundleInfo{h.ID, a.Verdict, a.Reason, h.Asker, h.Created.UTC(), now.UTC(), by, a.Coverage, len(events.Events), events.Cut}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the bundle: %w", err)
	}
	return map[string][]byte{"answer.json": answer, "events.csv": EventsCSV(events.Events), "summary.csv": CSV(a), "indicators.csv": IndicatorsCSV(a), "query.kql": KQLFile(a), "hunt.json": append(info, '\n')}, nil
}

// newestOnly are the events that an answer carries itself.
func newestOnly(a hunts.Answer) hunts.EventList {
	l := hunts.EventList{Events: a.Events}
	if a.Truncated.Events {
		l.Cut = fmt.Sprintf("these are the newest %d of %s", len(a.Events), count(a.Totals.Events, "event"))
	}
	return l
}

// zipped packs files with a manifest of their SHA-256.
func zipped(files map[string][]byte, now time.Time) ([]byte, error) {
	var names []string
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	var sums strings.Builder
	for _, n := range names {
		sum := sha256.Sum256(files[n])
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), n)
	}
	files[manifestName] = []byte(sums.String())
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, n := range append(names, manifestName) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Deflate, Modified: now.UTC()})
		if err != nil {
			return nil, fmt.Errorf("writing the bundle: %w", err)
		}
		if _, err := w.Write(files[n]); err != nil {
			return nil, fmt.Errorf("writing the bundle: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("writing the bundle: %w", err)
	}
	return out.Bytes(), nil
}

// maxBundleFile bounds what is unpacked to be verified.
const maxBundleFile = 256 << 20

// VerifyBundle checks every file of a bundle against its manifest, and gives
// their number. The error names the first that does not fit.
func VerifyBundle(data []byte) (int, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, fmt.Errorf("this is no evidence bundle: %w", err)
	}
	read := func(f *zip.File) ([]byte, error) {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		defer func() { _ = r.Close() }()
		return io.ReadAll(io.LimitReader(r, maxBundleFile))
	}
	found := map[string][]byte{}
	for _, f := range z.File {
		if found[f.Name], err = read(f); err != nil {
			return 0, fmt.Errorf("%s can't be read: %w", f.Name, err)
		}
	}
	manifest, ok := found[manifestName]
	if !ok {
		return 0, errors.New("the bundle has no " + manifestName)
	}
	n := 0
	for _, line := range strings.Split(strings.TrimSpace(string(manifest)), "\n") {
		want, name, ok := strings.Cut(line, "  ")
		data, there := found[name]
		sum := sha256.Sum256(data)
		switch {
		case !ok:
			return n, fmt.Errorf("%s can't be read", manifestName)
		case !there:
			return n, fmt.Errorf("%s is missing from the bundle", name)
		case hex.EncodeToString(sum[:]) != want:
			return n, fmt.Errorf("%s was changed after the bundle was made", name)
		}
		delete(found, name)
		n++
	}
	delete(found, manifestName)
	for name := range found {
		return n, fmt.Errorf("%s was put into the bundle later", name)
	}
	return n, nil
}
