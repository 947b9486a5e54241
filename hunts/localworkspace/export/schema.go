package export

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/footprint-soc/footprint/hunts/kql"
)

//go:embed schema.txt
var schemaText string

// TimeColumn is the event time of every table of a workspace.
const TimeColumn = "TimeGenerated"

// knownTables are the documented columns by table name.
var knownTables = sync.OnceValue(func() map[string][]kql.Column {
	tables, err := parseSchema(schemaText)
	if err != nil {
		panic("schema.txt of this package: " + err.Error()) // a test reads it, so this is never seen
	}
	return tables
})

func parseSchema(text string) (map[string][]kql.Column, error) {
	groups, tables := map[string][]kql.Column{}, map[string][]kql.Column{}
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		var cols []kql.Column
		for _, word := range words[1:] {
			if strings.HasPrefix(word, "+") {
				group, ok := groups[word]
				if !ok {
					return nil, fmt.Errorf("line %d: group %s is not defined above it", i+1, word)
				}
				cols = append(cols, group...)
				continue
			}
			typeName, names, _ := strings.Cut(word, ":")
			t, ok := typeNamed(typeName)
			if !ok {
				return nil, fmt.Errorf("line %d: %q is not a type", i+1, typeName)
			}
			for name := range strings.SplitSeq(names, ",") {
				cols = append(cols, kql.Column{Name: name, Type: t})
			}
		}
		if strings.HasPrefix(words[0], "+") {
			groups[words[0]] = cols
		} else {
			tables[strings.TrimPrefix(words[0], partly)] = cols
		}
	}
	return tables, nil
}

func typeNamed(name string) (kql.Type, bool) {
	for t := kql.Bool; t <= kql.Guid; t++ {
		if t.String() == name {
			return t, true
		}
	}
	return kql.Unknown, false
}

// partly marks a table of which only some columns are named.
const partly = "~"

// Partial tells that a workspace has columns in this table that are not named here.
func Partial(table string) bool { return strings.Contains(schemaText, "\n"+partly+table+" ") }

// Documented are the columns of each table that we know, by its name.
func Documented() map[string][]kql.Column { return knownTables() }

// canonicalTable gives the name as the workspace spells it: file names lose
// their case on the way through mail and archives.
func canonicalTable(name string) string {
	known := knownTables()
	if _, ok := known[name]; ok {
		return name
	}
	for table := range known {
		if strings.EqualFold(table, name) {
			return table
		}
	}
	return name
}

// isTableName tells a name that a query can write without brackets.
func isTableName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
