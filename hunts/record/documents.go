package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Documents are the documents of hunts. Marks end by the clock.
func Documents(in JSON, now hunts.Clock) hunts.Documents {
	return hunts.Documents{
		Marks: marks(in, now), Earlier: earlier(in),
		Before: before(in), Newer: newer(in), Recalls: recalls(in), Sharers: sharers(in), Cancels: cancels(in),
		Mine: mine(in), Drafts: drafts(in), Waiting: waiting(in),
	}
}

// ThreadDocuments are the documents of incident threads.
func ThreadDocuments(in JSON) incident.Documents {
	return incident.Documents{Ledgers: ledgers(in), Of: ledgerOf(in), OptIns: optIns(in), Wakes: wakes(in)}
}

// SweepDocuments are the documents of sweeps.
func SweepDocuments(in JSON) sweep.Documents {
	return sweep.Documents{
		Watchlist: watchlist(in), Schedules: schedules(in),
		Snapshots: snapshots(in), Again: again(in), Made: made(in), Readings: readings(in),
	}
}
