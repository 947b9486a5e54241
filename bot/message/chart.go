package message

import (
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// timeline shows events over time: a native chart where there is one, bars of
// text elsewhere. The bins of an answer are empty where nothing happened; those
// are put back, or a gap would not show.
func timeline(p *page, a hunts.Answer, form Form) {
	bins := wholeTimeline(a)
	if len(bins) < 2 {
		return
	}
	spark := sparkline(bins)
	if form == DataTable {
		p.add(chartOf(bins), spark)
		return
	}
	p.say(line{ours("%s", spark)})
}

// wholeTimeline folds the bins to at most as many as a chart may have.
func wholeTimeline(a hunts.Answer) []hunts.Bin {
	if len(a.Timeline) == 0 {
		return nil
	}
	from, to := a.Request.From, a.Request.To
	if from.IsZero() { // everything the workspace keeps
		from = a.Timeline[0].Start
	}
	if !from.Before(to) {
		return nil
	}
	step := time.Hour
	for _, s := range []time.Duration{3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 91 * 24 * time.Hour, 364 * 24 * time.Hour, 10 * 364 * 24 * time.Hour} {
		// over many days, days are read more easily than their parts
		if int(to.Sub(from)/step) < maxChartPoints-1 && (step >= 24*time.Hour || to.Sub(from) <= 72*time.Hour) {
			break
		}
		step = s
	}
	start := from.Truncate(step)
	bins := make([]hunts.Bin, 0, maxChartPoints)
	for at := start; at.Before(to) && len(bins) < maxChartPoints; at = at.Add(step) {
		bins = append(bins, hunts.Bin{Start: at})
	}
	for _, b := range a.Timeline {
		k := int(b.Start.Sub(start) / step)
		k = max(0, min(k, len(bins)-1))
		bins[k].Events += b.Events
	}
	return bins
}

func binLabel(bins []hunts.Bin, i int) string {
	step := bins[1].Start.Sub(bins[0].Start)
	at := bins[i].Start.UTC()
	if step < 24*time.Hour {
		return at.Format("Jan 2, 15:04")
	}
	return at.Format("Jan 2")
}

func chartOf(bins []hunts.Bin) slack.Block {
	labels := make([]string, len(bins))
	points := make([]slack.DataVisualizationDataPoint, len(bins))
	for i, b := range bins {
		labels[i] = binLabel(bins, i)
		points[i] = slack.NewDataVisualizationDataPoint(labels[i], float64(b.Events))
	}
	axes := slack.NewDataVisualizationAxisConfig(labels...)
	axes.XLabel, axes.YLabel = "from (UTC)", "events"
	chart := slack.NewDataVisualizationBarChart(axes, slack.NewDataVisualizationDataSeries("events", points...))
	return slack.NewDataVisualizationBlock(cutText("Events per "+stepWord(bins[1].Start.Sub(bins[0].Start)), maxChartTitle), chart)
}

func stepWord(d time.Duration) string {
	if d == 24*time.Hour {
		return "day"
	}
	if d == time.Hour {
		return "hour"
	}
	return length(d)
}

// sparkline is the chart in one line of text.
func sparkline(bins []hunts.Bin) string {
	signs := []rune("▁▂▃▄▅▆▇█")
	var most int64
	for _, b := range bins {
		most = max(most, b.Events)
	}
	if most == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Events per " + stepWord(bins[1].Start.Sub(bins[0].Start)) + " ")
	for _, x := range bins {
		if x.Events == 0 {
			b.WriteRune('·')
			continue
		}
		b.WriteRune(signs[(x.Events*int64(len(signs))+most-1)/most-1])
	}
	b.WriteString(" from " + binLabel(bins, 0) + " UTC, at most " + grouped(most))
	return b.String()
}
