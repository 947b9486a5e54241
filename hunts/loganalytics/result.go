package loganalytics

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/monitor/azquery"

	"github.com/footprint-soc/footprint/hunts"
)

// wireBody is the answer of the query API, with numbers as text.
type wireBody struct {
	Tables []struct {
		Columns []struct{ Name, Type string }
		Rows    [][]any
	}
	Statistics json.RawMessage
	Error      *wireError
}

type wireError struct {
	Code       string      `json:"code"`
	Message    string      `json:"message"`
	InnerError *wireError  `json:"innererror"`
	Details    []wireError `json:"details"`
	Severity   string      `json:"severityName"`
	Line       int         `json:"line"`
	Pos        int         `json:"pos"`
	Token      string      `json:"token"`
}

// innermost follows the chain of inner errors, where the useful code is.
func (e *wireError) innermost() *wireError {
	for e.InnerError != nil {
		e = e.InnerError
	}
	return e
}

func (e *wireError) text() string {
	parts := []string{e.Message}
	for _, d := range e.Details {
		parts = append(parts, d.innermost().Message)
	}
	return strings.Join(parts, " ")
}

func resultOf(res azquery.LogsClientQueryWorkspaceResponse, body []byte) (hunts.Result, error) {
	var wire wireBody
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if len(body) > 0 {
		if err := dec.Decode(&wire); err != nil {
			return hunts.Result{}, fmt.Errorf("reading the answer of the workspace: %w", err)
		}
	}
	if len(wire.Tables) == 0 {
		return hunts.Result{}, emptyAnswer()
	}
	out := hunts.Result{Rows: wire.Tables[0].Rows}
	out.Stats.ResponseSize, out.Stats.Raw = int64(len(body)), wire.Statistics
	out.Stats.CPU, out.Stats.DataScanned = statistics(wire.Statistics)
	for _, c := range wire.Tables[0].Columns {
		out.Columns = append(out.Columns, hunts.Column{Name: c.Name, Type: c.Type})
	}
	// res.Error is a *ErrorInfo: compared as such, never as an error interface.
	if res.Error != nil {
		out.Partial = "the workspace answered only in part"
		if wire.Error != nil && wire.Error.Message != "" {
			out.Partial += " (" + wire.Error.text() + ")"
		}
	}
	return out, nil
}

// statistics reads what the service tells of a query's cost; the shape is not
// documented as stable, so whatever is missing is zero.
func statistics(raw json.RawMessage) (time.Duration, int64) {
	var s struct {
		Query struct {
			ResourceUsage struct {
				CPU struct {
					TotalCPU string `json:"totalCpu"`
					Total    string `json:"total cpu"` // as Kusto itself spells it
				} `json:"cpu"`
			} `json:"resourceUsage"`
			DataScannedBytes float64 `json:"dataScannedBytes"`
			ExecutionTime    float64 `json:"executionTime"`
		} `json:"query"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return 0, 0
	}
	cpu := time.Duration(0)
	var hours, minutes int
	var seconds float64
	if n, _ := fmt.Sscanf(cmp.Or(s.Query.ResourceUsage.CPU.TotalCPU, s.Query.ResourceUsage.CPU.Total), "%d:%d:%f", &hours, &minutes, &seconds); n == 3 {
		cpu = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds*float64(time.Second))
	} else if s.Query.ExecutionTime > 0 {
		cpu = time.Duration(s.Query.ExecutionTime * float64(time.Second))
	}
	return cpu, int64(s.Query.DataScannedBytes)
}
