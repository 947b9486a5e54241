package hunts

// Progress is how far a running hunt is.
type Progress struct {
	Done, Total int     // slices of the window, of a sweep its packs
	Devices     int64   // so far, of a sweep its hits
	Events      int64   // so far
	Verdict     Verdict // Reached as soon as one slice reached; otherwise empty: nothing else is known before the end
	QueuedAhead int     // queries of others before the next one of this hunt; 0 when it runs
	Cancellable bool
	SharedWith  string // the hunt that asks the same and whose answer is waited for; empty when this one searches
	// Endpoint is what the sensors of every scope say, once that is known and other
	// places are still to be asked: what it calls CLEAN is no verdict yet.
	Endpoint *Answer
	Looking  []string // the places that are asked behind it
}
