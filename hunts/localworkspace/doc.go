// Package localworkspace is a Log Analytics workspace on this machine: the query
// API over exported events, which hunts/localworkspace/export reads, or over a
// generated demo fleet, with the KQL evaluated by hunts/kql.
//
// It never knows what a hunt is: it sees query texts only, so what a hunt finds
// here it finds by the same text that runs in Azure. What an export holds and
// can't be read is itself a table, _BadLines, that a query can count.
//
// What surprises: every documented column of a known table exists even when the
// export lacks it, but a table without a file does not exist, as in a workspace
// whose connector is off. Timestamp is not a column; it only fills TimeGenerated
// where that is missing.
package localworkspace
