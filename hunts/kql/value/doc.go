// Package value holds the values of the language: scalars, dynamics, and tables of
// them in columns, with the conversions and comparisons the language defines.
package value
