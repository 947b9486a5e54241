package hunts

import "embed"

// Shipped are the hunts, in Azure-Sentinel's hunting-query schema, and the
// texts that go around them: all below catalog/.
//
//go:embed catalog
var Shipped embed.FS
