package main

import (
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
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.querySelector("#replies").scrollTop = 0`, nil)); err != nil {
		t.Fatal(err)
	}
	shoot(t, ctx, "incident-light")
	play(t, ctx, []step{
		{"the hand-over is a block to paste, with its evidence", chromedp.Tasks{
			press(`[...document.querySelectorAll("#replies button")].find((b) => b.textContent === "Hand-over")`),
			has(`document.querySelector("#replies pre") !== null && document.querySelector("#replies pre").textContent.includes("STATE: ")`),
			has(`[...document.querySelectorAll("#replies .file")].some((f) => f.textContent.includes("incident-4711.zip"))`),
		}},
	})
	play(t, ctx, []step{{"the sweep's hits have a menu each, beside their line", chromedp.Tasks{
		press(`[...document.querySelectorAll("#channels button")].find((b) => b.textContent.startsWith("# soc"))`),
		has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes("Sweep daily"))`),
		has(`document.querySelectorAll("#messages .beside .actions").length >= 2`),
		chromedp.Evaluate(`[...document.querySelectorAll("#messages .msg")].find((m) => m.textContent.includes("Sweep daily")).scrollIntoView()`, nil),
	}}})
	shoot(t, ctx, "sweep-light")
}
