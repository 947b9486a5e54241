// Package builtin holds the scalar functions of the language, each one value in a registry that
// is built once. They know values, and nothing of queries.
package builtin
