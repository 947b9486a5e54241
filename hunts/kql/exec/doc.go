// Package exec runs a parsed query over tables in memory, under a budget of steps,
// rows and bytes. What it can't do it refuses as Unsupported, by name and place.
package exec
