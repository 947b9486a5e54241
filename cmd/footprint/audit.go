package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/request"
)

// audited is one line of the export: the entry with the hash that chains it to
// the one before.
type audited struct {
	hunts.AuditEntry
	Hash string `json:"hash"`
}

// audit prints the audit, or verifies that no entry was changed or
// removed.
func audit(ctx context.Context, p process, args []string) error {
	f := newFlags("audit")
	since := f.String("since", "24h", "how far back, such as 24h or 30d")
	verify := f.Bool("verify", false, "verify the whole chain instead of printing it")
	find := f.String("find", "", "only entries that name this user, hunt, indicator or channel")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{f.summary()}
	}
	back, refusal := request.ParseDuration(*since)
	if refusal != nil {
		return usageError{"--since: " + refusal.Sentence}
	}
	cfg, err := loadConfig(p.env)
	if err != nil {
		return err
	}
	if cfg.redisURL == "" {
		return fmt.Errorf("REDIS_URL is not set: the audit of a bot that kept everything in memory is gone with it")
	}
	store, err := record.Open(ctx, record.Config{URL: cfg.redisURL, TLS: cfg.redisTLS, Clock: p.clock, Replica: "audit", Random: rand.Reader})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if *verify {
		n, err := store.VerifyAudit(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%d entries, the chain is whole\n", n)
		return nil
	}
	out := json.NewEncoder(p.stdout)
	out.SetEscapeHTML(false)
	return store.AuditSince(ctx, p.clock().Add(-back), func(e hunts.AuditEntry, hash string) error {
		line := audited{e, hash}
		if *find != "" {
			text, err := json.Marshal(line)
			if err != nil {
				return fmt.Errorf("encoding an entry: %w", err)
			}
			if !strings.Contains(strings.ToLower(string(text)), strings.ToLower(*find)) {
				return nil
			}
		}
		return out.Encode(line)
	})
}
