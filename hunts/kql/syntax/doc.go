// Package syntax reads the text of a query: tokens, the tree, and what is wrong with
// a text and where. It knows no function and no table.
package syntax
