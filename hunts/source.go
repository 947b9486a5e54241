package hunts

import (
	"context"
	"encoding/json"
	"time"
)

// Query is one call to a workspace.
type Query struct {
	HuntID   string
	Asker    string // whose turn it is in a fair queue
	Sweep    bool   // yields to interactive queries
	Text     string
	From, To time.Time // the API's timespan; zero From is unbounded
	// Queued hears, while the query waits for its place, how many are before it;
	// nil hears nothing.
	Queued     func(ahead int)
	Workspaces []string // configured names; empty is the default workspace, the first is asked, the rest ride along
}

// Result is the one table a query gives back.
type Result struct {
	Columns []Column
	Rows    [][]any // nil, bool, string, json.Number (exact above 2^53); dynamic is JSON text in a string
	// Partial is not empty when the service answered with rows and an error, or
	// cut the rows: the rows are real, what is missing is unknown.
	Partial string
	Stats   QueryStats
}

// Column names one column and its type as the service calls it.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// QueryStats are the service's own figures; zero when it gives none.
type QueryStats struct {
	Took         time.Duration   // wall time of the call, queueing included
	CPU          time.Duration   // as reported
	DataScanned  int64           // bytes, as reported
	Raw          json.RawMessage // the service's statistics, unread
	QueuedAhead  int             // how many waited before this one
	ResponseSize int64           // bytes of the body
}

// SourceInfo.Kind of what goes on while it is asked: a Log Analytics workspace,
// and the advanced hunting of Defender XDR. Anything else is a finished export.
const (
	KindLogAnalytics = "log-analytics"
	KindDefender     = "defender-xdr"
)

// Live tells a source that goes on from a finished export.
func (i SourceInfo) Live() bool { return i.Kind == KindLogAnalytics || i.Kind == KindDefender }

// Source answers KQL.
//
// Errors are *Error of kind no_table, no_workspace, no_role, no_login,
// throttled, timeout, too_large, bad_query, unavailable or cancelled; the
// caller may retry throttled after After, and must not retry timeout with the
// same window.
type Source interface {
	Query(ctx context.Context, q Query) (Result, error)
	// Describe names the source for the answer.
	Describe(workspaces []string) SourceInfo
}

// Unread is something of a table that a source can't give: a column that an
// export lacks, values or lines that could not be read, rows that were cut off.
type Unread struct {
	Table  string // as queries name it; empty is every table
	Column string // whose values are missing or unread; empty is whole rows
	Rows   int64  // how many, where that is known; bad lines are counted here
	Reason string // one sentence that names the file: "events.csv has no column RemoteUrl"
}
