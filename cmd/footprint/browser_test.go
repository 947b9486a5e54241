package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
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
		p := process{stdin: strings.NewReader(""), stdout: out, stderr: errs}
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
	url := startDemo(t)
	ctx := browser(t, 1280, 860)
	steps := []step{
		{"the page lists what to type", chromedp.Tasks{chromedp.Navigate(url), chromedp.WaitVisible(`#suggestions button`), has(`document.querySelector("#state").textContent === "connected"`)}},
		{"a suggestion is typed and sent", chromedp.Tasks{chromedp.Click(`#suggestions button`), chromedp.SendKeys(`#text`, "\r")}},
		{"the verdict comes", chromedp.Tasks{has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("REACHED: 3 devices"))`)}},
		{"the thread opens with table, chart and files", chromedp.Tasks{
			has(`[...document.querySelectorAll("#messages .more button")].some((b) => b.textContent.startsWith("4 repl"))`),
			chromedp.Click(`#messages .more button`), chromedp.WaitVisible(`#replies table`), chromedp.WaitVisible(`#replies svg`), has(`document.querySelectorAll("#replies .file").length === 2`),
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
		{"a facet answers in the thread", chromedp.Tasks{
			chromedp.Evaluate(`[...document.querySelectorAll("#messages .msg button")].find((b) => b.textContent.startsWith("Only powershell")).click()`, nil),
			has(`document.querySelector("#replies").textContent.includes("without a new query")`),
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
	shoot(t, ctx, "hunt-phone")
}

// step is something that a person does, and what they then see.
type step struct {
	what string
	do   chromedp.Tasks
}

func play(t *testing.T, ctx context.Context, steps []step) {
	t.Helper()
	for _, s := range steps {
		if err := chromedp.Run(ctx, s.do); err != nil {
			var page string
			_ = chromedp.Run(ctx, chromedp.Text("body", &page))
			t.Fatalf("%s: %v\n%s", s.what, err, page)
		}
	}
}
