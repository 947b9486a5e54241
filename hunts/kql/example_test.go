package kql_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// A table is built, asked, and what comes out printed.
func Example() {
	events := kql.NewBuilder("Events", []kql.Column{{Name: "Device", Type: kql.String}, {Name: "Port", Type: kql.Long}})
	events.Append(kql.StringValue("ws-1"), kql.LongValue(443))
	events.Append(kql.StringValue("ws-1"), kql.LongValue(80))
	events.Append(kql.StringValue("ws-2"), kql.LongValue(443))
	tables := kql.Tables{"Events": events.Table()}

	query, err := kql.Parse(`Events | summarize make_list(Port) by Device | sort by Device asc`)
	if err != nil {
		fmt.Println(err)
		return
	}
	table, err := query.Run(context.Background(), tables, kql.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := table.Print(os.Stdout); err != nil {
		fmt.Println(err)
	}
	fmt.Println(table.Value(0, 1).Type(), table.Value(0, 1).JSON())
	// Output:
	// Device	list_Port
	// ws-1	[443,80]
	// ws-2	[443]
	// dynamic [443,80]
}

// What is not known is refused by name and place.
func ExampleError() {
	query, err := kql.Parse("print x = 1\n| extend y = geo_point_to_geohash(x, x)")
	if err == nil {
		_, err = query.Run(context.Background(), kql.Tables{}, kql.Options{})
	}
	var refusal *kql.Error
	fmt.Println(errors.As(err, &refusal) && refusal.Kind == kql.Unsupported, err)
	// Output: true unsupported: the function geo_point_to_geohash() at 2:14
}
