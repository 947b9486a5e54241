package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTheDemoLetsAColleagueApprove(t *testing.T) {
	noRace(t)
	t.Parallel()
	url := startDemo(t)
	ctx := browser(t, 1280, 860)
	said := func(text string) chromedp.Action {
		return has(`[...document.querySelectorAll("#messages .msg")].some((m) => m.textContent.includes(` + "`" + text + "`" + `))`)
	}
	pick := func(label string) chromedp.Action {
		return chromedp.Evaluate(`[...document.querySelectorAll("#suggestions button")].find((b) => b.textContent === "`+label+`").click()`, nil)
	}
	play(t, ctx, []step{
		{"a hunt is asked for that waits", chromedp.Tasks{
			chromedp.Navigate(url), chromedp.WaitVisible(`#suggestions button`), has(`document.querySelector("#state").textContent === "connected"`),
			pick("One that needs approval"), chromedp.SendKeys(`#text`, "\r"), said("Approval pending"),
		}},
		{"the colleague finds it under Home", chromedp.Tasks{
			chromedp.Evaluate(`(() => { const s = document.querySelector("#as"); s.value = "ben"; s.dispatchEvent(new Event("change")); document.querySelector("#home").click(); })()`, nil),
			has(`document.querySelector("#hometab").textContent.includes("asks for")`),
		}},
		{"and approves it", chromedp.Tasks{
			chromedp.Evaluate(`[...document.querySelectorAll("#channels button")].find((b) => b.textContent.includes("soc")).click()`, nil), said("Approval pending"),
			chromedp.Evaluate(`[...document.querySelectorAll("#messages .btn")].find((b) => b.textContent === "Approve").click()`, nil), said("REACHED by 3 devices"),
		}},
	})
}
