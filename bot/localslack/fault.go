package localslack

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault makes calls of one method go wrong.
type Fault struct {
	Method string // empty is every method
	Times  int    // how often; 0 is once
	// Status is an HTTP status other than 200; RetryAfter goes with 429.
	Status     int
	RetryAfter time.Duration
	// Error is a code in an answer with ok false.
	Error string
	// AfterEffect does what was asked before it goes wrong: the caller can't know.
	AfterEffect bool
	// Drop closes the connection without an answer.
	Drop  bool
	Delay time.Duration
}

func (f Fault) broken() bool { return f.Status != 0 || f.Error != "" || f.Drop }

// Fault adds a fault. The first that fits a call is used up first.
func (w *Workspace) Fault(f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.Times <= 0 {
		f.Times = 1
	}
	w.faults = append(w.faults, &f)
}

// ClearFaults forgets the faults that were not used.
func (w *Workspace) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

func (w *Workspace) takeFault(method string) Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range w.faults {
		if f.Method == "" || f.Method == method {
			if f.Times--; f.Times == 0 {
				w.faults = slices.Delete(w.faults, i, i+1)
			}
			return *f
		}
	}
	return Fault{}
}

func (f Fault) answer(rw http.ResponseWriter) {
	if f.Drop {
		if conn, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	if f.RetryAfter > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int(max(f.RetryAfter.Seconds(), 1))))
	}
	if f.Error != "" {
		reply(rw, http.StatusOK, answer{"ok": false, "error": f.Error})
		return
	}
	http.Error(rw, http.StatusText(f.Status), f.Status)
}
