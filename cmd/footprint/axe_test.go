package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeSource is axe itself, as .ci/axe pins it.
func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../.ci/axe/node_modules/axe-core/axe.min.js")
	if err == nil {
		return string(source)
	}
	if os.Getenv("FOOTPRINT_TEST_STRICT") != "" {
		t.Fatal("axe-core is missing, and here no test may be skipped")
	}
	t.Skip("SKIPPED: axe-core is not installed (npm ci in .ci/axe), so axe did not look at the page")
	return ""
}

// accessible has axe look at the page as it is: nothing serious or critical.
func accessible(t *testing.T, ctx context.Context, where string) {
	t.Helper()
	var found []string
	err := chromedp.Run(ctx, chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => v.id + ": " + v.help + " at " + v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message || "")).join("; ")))`,
		&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if err != nil {
		t.Fatalf("axe does not run: %v", err)
	}
	if len(found) > 0 {
		t.Errorf("%s: axe finds\n%s", where, strings.Join(found, "\n"))
	}
}

func TestAxeFindsNothingSeriousOnThePage(t *testing.T) {
	noRace(t)
	t.Parallel()
	axe := axeSource(t)
	url := startDemo(t)
	ctx := browser(t, 1280, 860)
	var ok bool
	play(t, ctx, []step{
		{"a hunt is answered", chromedp.Tasks{
			chromedp.Navigate(url), chromedp.WaitVisible(`#suggestions button`), has(`document.querySelector("#state").textContent === "connected"`), chromedp.Evaluate(axe+"; true", &ok),
			chromedp.Click(`#suggestions button`), chromedp.SendKeys(`#text`, "\r"), has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("REACHED by 3 devices"))`),
		}},
		{"its thread is open", chromedp.Tasks{
			has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("REACHED by 3 devices") && m.querySelector(".more button").textContent.startsWith("2 repl"))`),
			chromedp.Evaluate(`[...document.querySelectorAll("#messages .msg")].find((m) => m.textContent.includes("REACHED by 3 devices")).querySelector(".more button").click()`, nil), chromedp.WaitVisible(`#replies table`),
		}},
	})
	look := func(what string) {
		for _, width := range []int64{1280, 390} {
			for _, theme := range []string{"light", "dark"} {
				if err := chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(width, 844, 1, width < 800)); err != nil {
					t.Fatal(err)
				}
				mode(t, ctx, theme)
				accessible(t, ctx, what+", "+theme+", "+map[bool]string{true: "390 px", false: "1280 px"}[width < 800])
				if err := chromedp.Run(ctx, has(`document.documentElement.scrollWidth <= innerWidth`)); err != nil {
					t.Errorf("%s at %d px is wider than the window: %v", what, width, err)
				}
			}
		}
	}
	look("the thread")
	play(t, ctx, []step{{"the thread closes", chromedp.Tasks{chromedp.Evaluate(`document.querySelector("#close").click()`, nil)}}})
	look("the channel")
	play(t, ctx, []step{{"the Home tab shows the hunt", chromedp.Tasks{chromedp.Evaluate(`document.querySelector("#home").click()`, nil), has(`document.querySelector("#hometab").textContent.includes("REACHED by 3 devices")`)}}})
	look("the Home tab")
}
