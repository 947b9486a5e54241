package main

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTheDemoShowsAnIncidentThatEnrichedItself(t *testing.T) {
	t.Parallel()
	url := startDemo(t)
	ctx := browser(t, 1280, 860)
	press := func(script string) chromedp.Action { return chromedp.Evaluate(script+".click()", nil) }
	play(t, ctx, []step{
		{"the incidents channel", chromedp.Tasks{
			chromedp.Navigate(url), chromedp.WaitVisible(`#suggestions button`), has(`document.querySelector("#state").textContent === "connected"`),
			press(`[...document.querySelectorAll("#channels button")].find((b) => b.textContent.startsWith("# incidents"))`),
		}},
		{"the playbook's message has a thread", chromedp.Tasks{
			has(`document.querySelector("#messages").textContent.includes("Microsoft Sentinel raised an incident")`),
			has(`document.querySelector("#messages .more button") !== null`), press(`document.querySelector("#messages .more button")`),
		}},
		{"the ledger has the incident's name, severity and owner, and what was met", chromedp.Tasks{
			has(`document.querySelector("#replies").textContent.includes("Incident 4711: Beacon to a rare host by PowerShell from Word · High · Active · Ana Sousa")`),
			has(`document.querySelector("#replies").textContent.includes("REACHED by 3 devices")`),
			has(`document.querySelector("#replies").textContent.includes("🔴 New: ")`),
		}},
	})
	if file := os.Getenv("FOOTPRINT_TEST_SHOT"); file != "" {
		var png []byte
		if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&png)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	play(t, ctx, []step{
		{"the hand-over is a block to paste, with its evidence", chromedp.Tasks{
			press(`[...document.querySelectorAll("#replies button")].find((b) => b.textContent === "Hand-over")`),
			has(`document.querySelector("#replies pre") !== null && document.querySelector("#replies pre").textContent.includes("STATE: ")`),
			has(`[...document.querySelectorAll("#replies .file")].some((f) => f.textContent.includes("incident-4711.zip"))`),
		}},
	})
	shoot(t, ctx, "incident-light")
}
