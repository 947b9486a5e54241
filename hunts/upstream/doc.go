// Package upstream reads hunting queries as they are published: a YAML file in the
// schema of Azure-Sentinel (a hunting query or an analytics rule), or a bare .kql
// file. What the file does not say is inferred from its query: the table, the columns
// that name a device, an account, a process or a remote side, how far back it reads,
// and what makes two of its rows the same.
//
// A slip is a Note with its line and the file is read all the same; only a file from
// which no query can be had is an error. What surprises: a query that the local
// evaluator does not know is no slip, since a workspace may know it; and the body is
// never edited but for what stands only at the top of a text (render, set), which is
// blanked so that every line keeps its number.
package upstream
