package localworkspace

import (
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// TableFunction knows _GetWatchlist('alias'), as a Sentinel workspace does
// (learn.microsoft.com/azure/sentinel/watchlists-queries).
func (e *Events) TableFunction(name string, args []kql.Value) (*kql.Table, bool) {
	return watchlistOf(e, name, args)
}

// watchlistOf turns the items of one watchlist into a table with a column for
// each of their fields. A watchlist without items has the two columns that
// every one has.
func watchlistOf(db kql.Database, name string, args []kql.Value) (*kql.Table, bool) {
	if name != "_GetWatchlist" || len(args) != 1 {
		return nil, false
	}
	alias := args[0].AsString()
	columns := []kql.Column{{Name: "_DTItemId", Type: kql.String}, {Name: "LastUpdatedTimeUTC", Type: kql.Datetime}, {Name: "SearchKey", Type: kql.String}}
	type item struct {
		id, updated, key kql.Value
		bag              *kql.Bag
	}
	var items []item
	if t, ok := db.Table("Watchlist"); ok {
		at := func(row int, column string) kql.Value {
			k := slices.IndexFunc(t.Columns(), func(c kql.Column) bool { return c.Name == column })
			if k < 0 {
				return kql.Null(kql.String)
			}
			return t.Value(row, k)
		}
		for row := range t.Len() {
			kind := at(row, "_DTItemType").AsString()
			if !strings.EqualFold(at(row, "WatchlistAlias").AsString(), alias) || kind != "" && kind != "watchlist-item" || at(row, "_DTItemStatus").AsString() == "Delete" {
				continue
			}
			bag, _ := at(row, "WatchlistItem").AsDynamic().(*kql.Bag)
			items = append(items, item{at(row, "_DTItemId"), at(row, "LastUpdatedTimeUTC"), at(row, "SearchKey"), bag})
		}
	}
	for _, i := range items {
		if i.bag == nil {
			continue
		}
		for _, key := range i.bag.Keys() {
			if !slices.ContainsFunc(columns, func(c kql.Column) bool { return c.Name == key }) {
				columns = append(columns, kql.Column{Name: key, Type: kql.String})
			}
		}
	}
	b := kql.NewBuilder(name, columns)
	for _, i := range items {
		row := []kql.Value{i.id, i.updated, i.key}
		for _, c := range columns[3:] {
			text := ""
			if i.bag != nil {
				if v, ok := i.bag.Get(c.Name); ok {
					text, _ = v.(string)
				}
			}
			row = append(row, kql.StringValue(text))
		}
		b.Append(row...)
	}
	return b.Table(), true
}
