// Package export reads events as portals, APIs and the streaming export hand them
// out, whatever the container, the file name and the locale, into tables that
// hunts/kql can query. docs/EXPORTS.md says what is read and how it is recognized.
//
// A file is cut into blocks of whole records, workers take the blocks apart
// without decoding what no query wants, and each column is joined from their
// dictionaries at the end. What can't be read is named: a line in BadLines,
// everything else in Unread.
//
// What surprises: columns are read when a query first mentions them, so a file
// may be read twice; every documented column of a known table exists even when
// the export lacks it; Timestamp is not a column, it only fills TimeGenerated
// where that is missing; and whether 03/11 is in March is decided by all dates of
// a file together.
package export
