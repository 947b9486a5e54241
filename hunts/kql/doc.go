// Package kql writes and reads the Kusto query language: it encodes values as
// literals, which is the only way in which a value from outside reaches a
// query, and it evaluates the part of the language that hunts use over tables
// in memory.
//
// Its face is three steps: Parse a text, Run it over a Database (Tables is one),
// and read the cells of the Table that comes out, or Print it. What it does not
// know it refuses with an *Error of the kind Unsupported, which names the
// construct and its place; it never guesses. Budgets and a context bound every
// run, so that no text can take the machine.
//
// Strings are never null in this language, only empty; and reals print with a
// fractional digit, so that 1.0 does not pass for a long.
package kql
