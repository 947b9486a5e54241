package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// lines collects what a subcommand prints, for a test that waits for a part of it.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{}, 1)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait gives the first match of a pattern's group.
func (l *lines) wait(t *testing.T, pattern string, within time.Duration) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(within)
	for {
		if m := re.FindStringSubmatch(l.String()); m != nil {
			return m[1]
		}
		select {
		case <-l.more:
		case <-timeout:
			t.Fatalf("nothing like %s within %s in:\n%s", pattern, within, l.String())
		}
	}
}

// startDemo runs the demo as a person would and gives the address it prints.
func startDemo(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, errs := newLines(), newLines()
	done := make(chan int, 1)
	go func() {
		p := process{stdin: strings.NewReader(""), stdout: out, stderr: errs, clock: testclock.New().Now}
		done <- p.run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--no-browser"})
	}()
	t.Cleanup(func() {
		stop()
		select {
		case code := <-done:
			if code != exitAnswered && code != exitFailed {
				t.Errorf("the demo ended with %d: %s", code, errs)
			}
		case <-time.After(15 * time.Second):
			t.Error("the demo does not end")
		}
	})
	return out.wait(t, `open (http://\S+)`, 10*time.Second)
}

// browser is a headless Chromium with a window of the given size.
func browser(t *testing.T, width, height int64) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("FOOTPRINT_TEST_STRICT") != "" {
			t.Fatal("chromium is missing, and here no test may be skipped")
		}
		t.Skip("SKIPPED: chromium is not installed, so the page was not seen in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-background-networking", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	ctx, stopTime := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(func() { stopTime(); stop(); stopAlloc() })
	if err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(width, height, 1, false), emulation.SetTimezoneOverride("UTC"),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}), chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx
}

// shoot keeps a picture for README when -update is given.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	var png []byte
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if *update {
		dir = "../../docs/pictures"
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, ctx context.Context, theme string) {
	t.Helper()
	var ok bool
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.documentElement.dataset.theme = "`+theme+`", true`, &ok)); err != nil {
		t.Fatal(err)
	}
}

// has waits until a script is true.
func has(script string) chromedp.Action {
	var ok bool
	return chromedp.Poll(script, &ok, chromedp.WithPollingTimeout(30*time.Second), chromedp.WithPollingInterval(50*time.Millisecond))
}

func TestAnAnalystHuntsInTheBrowser(t *testing.T) {
	noRace(t)
	t.Parallel()
	url := startDemo(t)
	ctx := browser(t, 1280, 860)
	seen := watch(t, ctx, url)
	steps := []step{
		{"the page lists what to type", chromedp.Tasks{chromedp.Navigate(url), chromedp.WaitVisible(`#suggestions button`), has(`document.querySelector("#state").textContent === "connected"`)}},
		{"a suggestion is typed and sent", chromedp.Tasks{chromedp.Click(`#suggestions button`), chromedp.SendKeys(`#text`, "\r")}},
		{"the verdict comes", chromedp.Tasks{has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("REACHED by 3 devices"))`)}},
		{"the thread opens with table and chart", chromedp.Tasks{
			has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("REACHED by 3 devices") && m.querySelector(".more button").textContent.startsWith("2 repl"))`),
			chromedp.Evaluate(`[...document.querySelectorAll("#messages .msg")].find((m) => m.textContent.includes("REACHED by 3 devices")).querySelector(".more button").click()`, nil), chromedp.WaitVisible(`#replies table`), chromedp.WaitVisible(`#replies svg`),
		}},
		{"a click on a head sorts", chromedp.Tasks{
			chromedp.Evaluate(`[...document.querySelectorAll("#replies th button")].find((b) => b.textContent === "Events").click()`, nil),
			has(`document.querySelector('#replies th[aria-sort="ascending"]') !== null`),
			has(`Number(document.querySelector("#replies tbody td.num").textContent) === 1`),
		}},
	}
	play(t, ctx, steps)
	mode(t, ctx, "light")
	shoot(t, ctx, "hunt-light")
	mode(t, ctx, "dark")
	shoot(t, ctx, "hunt-dark")
	play(t, ctx, []step{
		{"the table opens as wide as the window, sorted as it was, and closes by a key", chromedp.Tasks{
			chromedp.Click(`#replies .caption .quiet`), chromedp.WaitVisible(`.sheet table`), has(`document.querySelector('.sheet th[aria-sort="ascending"]') !== null`),
			chromedp.KeyEvent("\u001b"), has(`document.querySelector(".sheet") === null && document.querySelector("#replies .tablewrap table") !== null`),
		}},
		{"a menu below the table narrows, by the keyboard alone", chromedp.Tasks{
			chromedp.Evaluate(`[...document.querySelectorAll("#replies .btn")].find((b) => b.textContent.startsWith("Without…")).focus()`, nil),
			chromedp.KeyEvent("\r"), has(`document.activeElement.getAttribute("role") === "menuitem"`), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent("\r"),
			has(`[...document.querySelectorAll("#replies .msg b")].some((b) => b.textContent.startsWith("without "))`),
		}},
		{"a facet answers in the thread", chromedp.Tasks{
			chromedp.Evaluate(`[...document.querySelectorAll("#replies .msg button")].find((b) => b.textContent.startsWith("Only powershell")).click()`, nil),
			has(`document.querySelector("#replies").textContent.includes("from cached results")`),
		}},
		{"the command alone opens the form", chromedp.Tasks{chromedp.SendKeys(`#text`, "/footprint\r"), chromedp.WaitVisible(`.modal textarea`), has(`document.querySelector("#text").value.trim() === ""`)}},
		{"a pasted report gets a preview", chromedp.Tasks{
			chromedp.SendKeys(`.modal textarea`, "C2 203.0.113[.]66, hxxps://cdn-sync[.]example/a, resolver 8.8.8.8"),
			chromedp.Click(`.modal button[type="submit"]`), has(`document.querySelector(".modal").textContent.includes("1 address, 1 URL")`), has(`document.querySelector(".modal").textContent.includes("public resolver")`),
			chromedp.Click(`.modal .ticks input`),
		}},
	})
	shoot(t, ctx, "preview-dark")
	play(t, ctx, []step{{"escape closes it", chromedp.Tasks{chromedp.KeyEvent("\u001b"), has(`document.querySelector(".modal") === null`)}}})
	if err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(390, 800, 1, true)); err != nil {
		t.Fatal(err)
	}
	shoot(t, ctx, "thread-phone")
	if err := chromedp.Run(ctx, chromedp.Click(`#close`)); err != nil {
		t.Fatal(err)
	}
	mode(t, ctx, "light")
	play(t, ctx, []step{{"the page is opened on a phone", chromedp.Tasks{
		chromedp.Reload(), has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("REACHED by 3 devices"))`),
		chromedp.Evaluate(`document.activeElement.blur(); [...document.querySelectorAll("#messages .msg")].find((m) => m.textContent.includes("REACHED by 3 devices")).scrollIntoView()`, nil),
	}}})
	mode(t, ctx, "light")
	if err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(390, 844, 1, true), chromedp.Evaluate(`[...document.querySelectorAll("#messages .msg")].find((m) => m.textContent.includes("REACHED by 3 devices")).scrollIntoView()`, nil)); err != nil {
		t.Fatal(err)
	}
	measure(t, ctx)
	shoot(t, ctx, "hunt-phone")
	for _, width := range []int64{390, 1280} {
		if err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(width, 800, 1, false), has(`document.documentElement.scrollWidth <= innerWidth`)); err != nil {
			t.Errorf("at %d px the page is wider than the window: %v", width, err)
		}
	}
	seen.check(t)
}

// measure looks at an answer as a phone shows it: the verdict and the first device on
// the first screen, and a row of buttons that wraps once at most.
func measure(t *testing.T, ctx context.Context) {
	t.Helper()
	var seen struct {
		Verdict, Device, Screen float64
		Rows                    int
	}
	err := chromedp.Run(ctx, chromedp.Evaluate(`(() => {
		const m = [...document.querySelectorAll("#messages .msg")].find((m) => m.textContent.includes("REACHED by 3 devices"));
		const bold = [...m.querySelectorAll(".body b, .body strong")].map((b) => b.getBoundingClientRect().bottom);
		const tops = new Set([...m.querySelectorAll(".actions > *")].map((b) => Math.round(b.getBoundingClientRect().top)));
		return {Verdict: bold[0], Device: bold[1], Screen: document.querySelector(".composer").getBoundingClientRect().top, Rows: tops.size};
	})()`, &seen))
	if err != nil {
		t.Fatal(err)
	}
	if seen.Verdict <= 0 || seen.Verdict > seen.Screen || seen.Device <= 0 || seen.Device > seen.Screen {
		t.Errorf("verdict or first device are not on the first screen: %+v", seen)
	}
	if seen.Rows < 1 || seen.Rows > 2 {
		t.Errorf("the buttons take %d rows", seen.Rows)
	}
}

// witness is what a page asked for, and what went wrong in it.
type witness struct {
	mu    sync.Mutex
	asked int
	wrong []string
}

// watch notes every request and every complaint of the page, such as one of its
// content security policy.
func watch(t *testing.T, ctx context.Context, url string) *witness {
	t.Helper()
	w := &witness{}
	note := func(s string) { w.wrong = append(w.wrong, s) }
	chromedp.ListenTarget(ctx, func(ev any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			w.asked++
			if !strings.HasPrefix(e.Request.URL, url) && !strings.HasPrefix(e.Request.URL, "data:") {
				note("a request to " + e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			note("an exception: " + e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError {
				note(e.Entry.Text)
			}
		}
	})
	if err := chromedp.Run(ctx, network.Enable(), log.Enable()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *witness) check(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked < 10 {
		t.Errorf("only %d requests were seen", w.asked)
	}
	for _, s := range w.wrong {
		t.Error(s)
	}
}

// TestNothingInAMessageRuns puts what an attacker would into each place of a
// message that the page draws.
func TestNothingInAMessageRuns(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	text := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	mark := func(s string) map[string]any { return map[string]any{"type": "mrkdwn", "text": s} }
	all, err := json.Marshal([]any{
		map[string]any{"type": "section", "text": mark(evil + " <javascript:document.title='owned'|click> <https://evil.example/" + evil + "|x> `" + evil + "` *" + evil + "*")},
		map[string]any{"type": "header", "text": text(evil)}, map[string]any{"type": "context", "elements": []any{mark(evil)}},
		map[string]any{"type": "data_table", "caption": evil, "rows": []any{[]any{map[string]any{"type": "raw_text", "text": evil}}, []any{map[string]any{"type": "raw_text", "text": evil}}}},
		map[string]any{"type": "data_visualization", "title": evil, "chart": map[string]any{"type": "bar", "axis_config": map[string]any{"categories": []string{evil}, "x_label": evil}, "series": []any{map[string]any{"name": evil, "data": []any{map[string]any{"label": evil, "value": 1}}}}}},
		map[string]any{"type": "rich_text", "elements": []any{map[string]any{"type": "rich_text_section", "elements": []any{
			map[string]any{"type": "text", "text": evil}, map[string]any{"type": "link", "url": "javascript:document.title='owned'", "text": evil}, map[string]any{"type": "user", "user_id": evil}}}}},
		map[string]any{"type": "actions", "elements": []any{map[string]any{"type": "button", "action_id": "a", "text": text(evil), "url": "javascript:document.title='owned'"},
			map[string]any{"type": "static_select", "action_id": "b", "placeholder": text(evil), "options": []any{map[string]any{"text": text(evil), "value": evil}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := localslack.New(localslack.Config{Gallery: []localslack.GalleryItem{{Name: evil, Text: evil, Blocks: all}}})
	if err := page.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = page.Close() })
	ctx := browser(t, 1280, 860)
	seen := watch(t, ctx, page.URL())
	var tags, title string
	play(t, ctx, []step{{"the gallery is drawn", chromedp.Tasks{
		chromedp.Navigate(page.URL() + "/gallery"), has(`document.querySelectorAll("main .block").length >= 5`),
		chromedp.Evaluate(`for (const n of document.querySelectorAll("main a, main button")) n.click(); document.title`, &title),
		chromedp.Evaluate(`[...document.querySelectorAll("main img, main script, main iframe, main [href^='javascript']")].map((n) => n.outerHTML).join()`, &tags),
	}}})
	if tags != "" || strings.Contains(title, "owned") {
		t.Errorf("it ran, title %q, or became elements: %s", title, tags)
	}
	seen.asked = 10
	seen.check(t)
}

// step is something that a person does, and what they then see.
type step struct {
	what string
	do   chromedp.Tasks
}

func play(t *testing.T, ctx context.Context, steps []step) {
	t.Helper()
	for _, s := range steps {
		err := chromedp.Run(ctx, s.do)
		// the page redraws a message that was edited: a node that was found a moment ago may be another one
		for range 3 {
			if err == nil || !strings.Contains(err.Error(), "Could not find node with given id") {
				break
			}
			err = chromedp.Run(ctx, s.do)
		}
		if err != nil {
			var page string
			_ = chromedp.Run(ctx, chromedp.Text("body", &page))
			t.Fatalf("%s: %v\n%s", s.what, err, page)
		}
	}
}
