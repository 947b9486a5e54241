package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
)

// auditScript appends only behind the entry whose hash was chained to, so that
// two replicas can't both follow the same one.
var auditScript = redis.NewScript(`
local head = redis.call('GET', KEYS[2]) or ''
if head ~= ARGV[1] then return head end
redis.call('XADD', KEYS[1], '*', 'entry', ARGV[3], 'hash', ARGV[2])
redis.call('SET', KEYS[2], ARGV[2])
return ARGV[2]`)

func chained(previous string, entry []byte) string {
	sum := sha256.Sum256(append([]byte(previous+"\n"), entry...))
	return hex.EncodeToString(sum[:])
}

// Audit appends an entry to the log. Each carries the hash of itself and of
// the one before it.
func (s *Store) Audit(ctx context.Context, e hunts.AuditEntry) error {
	entry, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding an audit entry: %w", err)
	}
	head, err := s.db.Get(ctx, s.keys.auditHead()).Result()
	if err := gone(err); err != nil {
		return err
	}
	for range 100 {
		hash := chained(head, entry)
		now, err := auditScript.Run(ctx, s.db, []string{s.keys.audit(), s.keys.auditHead()}, head, hash, entry).Text()
		if err != nil {
			return gone(err)
		}
		if now == hash {
			return nil
		}
		head = now
	}
	return gone(errors.New("the audit log is written by too many at once"))
}

// auditPage is how many entries are read at once.
const auditPage = 500

// auditSkew is how far the clocks of a replica and of Redis may be apart: the
// log is in the order of Redis, entries carry the time of the replica.
const auditSkew = 24 * time.Hour

// AuditSince hands every entry not older than since to each, in order, with
// its hash.
func (s *Store) AuditSince(ctx context.Context, since time.Time, each func(e hunts.AuditEntry, hash string) error) error {
	server, err := s.db.Time(ctx).Result()
	if err := gone(err); err != nil {
		return err
	}
	from := "-"
	if ms := server.Add(since.Sub(s.cfg.Clock())).Add(-auditSkew).UnixMilli(); ms > 0 { // as long ago by the clock of Redis, which made the ids
		from = strconv.FormatInt(ms, 10)
	}
	return s.auditPages(ctx, from, func(entry []byte, hash string) error {
		var e hunts.AuditEntry
		if err := json.Unmarshal(entry, &e); err != nil {
			return fmt.Errorf("the audit holds an entry that can't be read (hash %s): %w", hash, err)
		}
		if e.Time.Before(since) {
			return nil
		}
		return each(e, hash)
	})
}

// VerifyAudit recomputes the chain; entries that arrive meanwhile do no harm.
// The error names the first entry that does not fit. Whoever may write to
// Redis can also write a new chain: keep the last hash elsewhere to notice.
func (s *Store) VerifyAudit(ctx context.Context) (entries int, err error) {
	head, err := s.db.Get(ctx, s.keys.auditHead()).Result()
	if err := gone(err); err != nil {
		return 0, err
	}
	previous, met := "", head == ""
	err = s.auditPages(ctx, "-", func(entry []byte, hash string) error {
		entries++
		if chained(previous, entry) != hash {
			return fmt.Errorf("the audit is broken at entry %d: it, or the one before it, was changed or removed", entries)
		}
		previous = hash
		met = met || hash == head
		return nil
	})
	if err != nil {
		return entries, err
	}
	if entries > 0 && head == "" {
		// it was empty a moment ago, or somebody removed the mark of its end
		if head, err = s.db.Get(ctx, s.keys.auditHead()).Result(); gone(err) != nil {
			return entries, gone(err)
		}
		met = head != ""
	}
	if !met {
		return entries, fmt.Errorf("the audit is broken at its end: entries behind number %d were removed, or the mark of the end was", entries)
	}
	return entries, nil
}

func (s *Store) auditPages(ctx context.Context, from string, each func(entry []byte, hash string) error) error {
	for {
		page, err := s.db.XRangeN(ctx, s.keys.audit(), from, "+", auditPage).Result()
		if err := gone(err); err != nil {
			return err
		}
		for _, m := range page {
			entry, _ := m.Values["entry"].(string)
			hash, _ := m.Values["hash"].(string)
			if err := each([]byte(entry), hash); err != nil {
				return err
			}
			from = "(" + m.ID
		}
		if len(page) < auditPage {
			return nil
		}
	}
}
