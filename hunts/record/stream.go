package record

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
)

// group is the consumer group that all replicas share.
const group = "bot"

// pushScript remembers a key and appends the job in one step: between two
// steps a crash would lose the job, or do it twice.
var pushScript = redis.NewScript(`
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'kind', ARGV[2], 'key', ARGV[3], 'at', ARGV[4], 'payload', ARGV[5])
return 1`)

// Push stores a job and remembers its key for a day in one round trip; false
// means that the key was seen before and nothing was stored.
func (s *Store) Push(ctx context.Context, lane, kind, key string, payload []byte) (bool, error) {
	n, err := pushScript.Run(ctx, s.db, []string{s.keys.seen(key), s.keys.stream(lane)},
		keepSeen.Milliseconds(), kind, key, s.cfg.Clock().UnixMilli(), payload).Int()
	return n == 1, gone(err)
}

// Lag is what waits in one lane.
type Lag struct {
	Waiting int64 // not yet taken
	Pending int64 // taken, not done
	Oldest  time.Duration
}

// Backlog tells what waits, by lane.
func (s *Store) Backlog(ctx context.Context, lanes ...string) (map[string]Lag, error) {
	out := map[string]Lag{}
	for _, lane := range lanes {
		key := s.keys.stream(lane)
		var l Lag
		total, err := s.db.XLen(ctx, key).Result()
		if err != nil {
			return nil, gone(err)
		}
		if p, err := s.db.XPending(ctx, key, group).Result(); err == nil {
			l.Pending = p.Count
		}
		l.Waiting = total - l.Pending
		first, err := s.db.XRangeN(ctx, key, "-", "+", 1).Result()
		if err != nil {
			return nil, gone(err)
		}
		if len(first) == 1 {
			if ms, _, ok := strings.Cut(first[0].ID, "-"); ok {
				if n, err := strconv.ParseInt(ms, 10, 64); err == nil {
					l.Oldest = s.cfg.Clock().Sub(time.UnixMilli(n))
				}
			}
		}
		out[lane] = l
	}
	return out, nil
}

// Dead counts the jobs that were given up.
func (s *Store) Dead(ctx context.Context) (int64, error) {
	n, err := s.db.XLen(ctx, s.keys.dead()).Result()
	return n, gone(err)
}

func jobOf(lane string, m redis.XMessage, deliveries int64) hunts.Job {
	field := func(name string) string { v, _ := m.Values[name].(string); return v }
	at, _ := strconv.ParseInt(field("at"), 10, 64) // zero in a job of an older version
	return hunts.Job{ID: m.ID, Lane: lane, Kind: field("kind"), Key: field("key"), Payload: []byte(field("payload")), Enqueued: time.UnixMilli(at), Deliveries: deliveries}
}

func (s *Store) makeGroups(ctx context.Context, lanes []string) error {
	for _, lane := range lanes {
		err := s.db.XGroupCreateMkStream(ctx, s.keys.stream(lane), group, "0").Err()
		if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return gone(err)
		}
	}
	return nil
}

// next takes one job of the first lane that has one, waiting up to block when
// none has. It may return one of each lane.
func (s *Store) next(ctx context.Context, lanes []string, block time.Duration) ([]hunts.Job, error) {
	var out []hunts.Job
	read := func(lanes []string, block time.Duration) error {
		args := &redis.XReadGroupArgs{Group: group, Consumer: s.cfg.Replica, Count: 1, Block: block}
		for _, lane := range lanes {
			args.Streams = append(args.Streams, s.keys.stream(lane))
		}
		for range lanes {
			args.Streams = append(args.Streams, ">")
		}
		streams, err := s.db.XReadGroup(ctx, args).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, st := range streams {
			for i, lane := range lanes {
				if args.Streams[i] != st.Stream {
					continue
				}
				for _, m := range st.Messages {
					out = append(out, jobOf(lane, m, 1))
				}
			}
		}
		return nil
	}
	for _, lane := range lanes {
		if err := read([]string{lane}, -1); err != nil || len(out) > 0 {
			return out, err
		}
	}
	err := read(lanes, block)
	return out, err
}

// claim takes over what a dead replica left: entries that nobody has touched
// for idle.
func (s *Store) claim(ctx context.Context, lane string, idle time.Duration, most int64) ([]hunts.Job, error) {
	key := s.keys.stream(lane)
	pending, err := s.db.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: key, Group: group, Idle: idle, Start: "-", End: "+", Count: most}).Result()
	if err != nil {
		return nil, err
	}
	var out []hunts.Job
	for _, p := range pending {
		got, err := s.db.XClaim(ctx, &redis.XClaimArgs{Stream: key, Group: group, Consumer: s.cfg.Replica, MinIdle: idle, Messages: []string{p.ID}}).Result()
		if err != nil {
			return out, err
		}
		if len(got) == 0 {
			// somebody was faster, or the entry was deleted and only its trace is left
			if gone, err := s.db.XRangeN(ctx, key, p.ID, p.ID, 1).Result(); err == nil && len(gone) == 0 {
				_ = s.db.XAck(ctx, key, group, p.ID).Err() // looked at again next time
			}
			continue
		}
		out = append(out, jobOf(lane, got[0], p.RetryCount+1))
	}
	return out, nil
}

// beat tells the others that a job is being worked on; false when somebody
// else has taken it over.
func (s *Store) beat(ctx context.Context, j hunts.Job) (bool, error) {
	key := s.keys.stream(j.Lane)
	p, err := s.db.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: key, Group: group, Start: j.ID, End: j.ID, Count: 1}).Result()
	if err != nil {
		return true, err
	}
	if len(p) == 0 || p[0].Consumer != s.cfg.Replica {
		return false, nil
	}
	return true, s.db.XClaimJustID(ctx, &redis.XClaimArgs{Stream: key, Group: group, Consumer: s.cfg.Replica, Messages: []string{j.ID}}).Err()
}

// finish removes a job that is done.
func (s *Store) finish(ctx context.Context, j hunts.Job) error {
	key := s.keys.stream(j.Lane)
	if err := s.db.XAck(ctx, key, group, j.ID).Err(); err != nil {
		return err
	}
	return s.db.XDel(ctx, key, j.ID).Err()
}

// handOver makes a job look abandoned, so that another replica takes it at
// once.
func (s *Store) handOver(ctx context.Context, j hunts.Job) error {
	return s.db.Do(ctx, "XCLAIM", s.keys.stream(j.Lane), group, s.cfg.Replica, 0, j.ID, "IDLE", time.Hour.Milliseconds(), "JUSTID").Err()
}

// bury moves a job that failed too often where a person can look at it.
func (s *Store) bury(ctx context.Context, j hunts.Job, why string) error {
	err := s.db.XAdd(ctx, &redis.XAddArgs{Stream: s.keys.dead(), MaxLen: 1000, Approx: true, Values: map[string]any{
		"lane": j.Lane, "kind": j.Kind, "key": j.Key, "payload": j.Payload, "why": why, "deliveries": j.Deliveries,
	}}).Err()
	if err != nil {
		return err
	}
	_ = s.db.Expire(ctx, s.keys.dead(), keepDead).Err() // set again with the next one
	return s.finish(ctx, j)
}
