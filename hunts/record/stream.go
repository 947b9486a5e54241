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
redis.call('XADD', KEYS[2], '*', 'kind', ARGV[2], 'key', ARGV[3], 'at', ARGV[4], 'payload', ARGV[5], 'trace', ARGV[6])
return 1`)

// Push stores a job and remembers its key for a day in one round trip; false
// means that the key was seen before and nothing was stored.
func (s *Store) Push(ctx context.Context, lane, kind, key string, payload []byte) (bool, error) {
	n, err := pushScript.Run(ctx, s.db, []string{s.keys.seen(key), s.keys.stream(lane)},
		keepSeen.Milliseconds(), kind, key, s.cfg.Clock().UnixMilli(), payload, s.cfg.Trace(ctx)).Int()
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
		l.Waiting = max(0, total-l.Pending) // the two were counted one after the other
		first, err := s.db.XRangeN(ctx, key, "-", "+", 1).Result()
		if err != nil {
			return nil, gone(err)
		}
		if len(first) == 1 {
			if ms, _, ok := strings.Cut(first[0].ID, "-"); ok {
				if n, err := strconv.ParseInt(ms, 10, 64); err == nil {
					l.Oldest = max(0, s.cfg.Clock().Sub(time.UnixMilli(n)))
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
	return hunts.Job{ID: m.ID, Lane: lane, Kind: field("kind"), Key: field("key"), Payload: []byte(field("payload")), Enqueued: time.UnixMilli(at), Deliveries: deliveries, Trace: field("trace")}
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
		args := &redis.XReadGroupArgs{Group: group, Consumer: s.name, Count: 1, Block: block}
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
		got, err := s.db.XClaim(ctx, &redis.XClaimArgs{Stream: key, Group: group, Consumer: s.name, MinIdle: idle, Messages: []string{p.ID}}).Result()
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

// beatScript touches an entry for its holder only: between a look and a touch
// another replica could take it over, and would lose it again.
var beatScript = redis.NewScript(`
local p = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
if #p == 0 then return -1 end
if p[1][2] ~= ARGV[2] then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'RETRYCOUNT', p[1][4], 'JUSTID')
return 1`)

// beat tells the others that a job is being worked on; false when somebody
// else has taken it over. A job that Redis lost is still ours: nobody else
// will do it.
func (s *Store) beat(ctx context.Context, j hunts.Job) (bool, error) {
	n, err := beatScript.Run(ctx, s.db, []string{s.keys.stream(j.Lane)}, group, s.name, j.ID).Int()
	return err != nil || n != 0, err
}

// finish removes a job that is done, in one step: an entry that is off the
// group's list but still in the stream would stay there for ever.
func (s *Store) finish(ctx context.Context, j hunts.Job) error {
	_, err := s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
		s.remove(ctx, p, j)
		return nil
	})
	return err
}

func (s *Store) remove(ctx context.Context, p redis.Pipeliner, j hunts.Job) {
	p.XAck(ctx, s.keys.stream(j.Lane), group, j.ID)
	p.XDel(ctx, s.keys.stream(j.Lane), j.ID)
}

// handOver makes a job look abandoned, so that another replica takes it at
// once; not when another has it already.
func (s *Store) handOver(ctx context.Context, lane, id string) error {
	return handOverScript.Run(ctx, s.db, []string{s.keys.stream(lane)}, group, s.name, id, time.Hour.Milliseconds()).Err()
}

var handOverScript = redis.NewScript(`
local p = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
if #p == 0 or p[1][2] ~= ARGV[2] then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'IDLE', ARGV[4], 'RETRYCOUNT', p[1][4], 'JUSTID')
return 1`)

// taken lists what lies with this process and is not done.
func (s *Store) taken(ctx context.Context, lane string) ([]string, error) {
	pending, err := s.db.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: s.keys.stream(lane), Group: group, Consumer: s.name, Start: "-", End: "+", Count: 1000}).Result()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, p := range pending {
		ids = append(ids, p.ID)
	}
	return ids, nil
}

// forgottenAfter is the silence after which the name of a process that holds
// nothing is struck from the group; every process has a name of its own.
const forgottenAfter = time.Hour

// forget strikes the names of dead processes that hold nothing, so that the
// group does not grow with every restart.
func (s *Store) forget(ctx context.Context, lane string) error {
	key := s.keys.stream(lane)
	consumers, err := s.db.XInfoConsumers(ctx, key, group).Result()
	if err != nil {
		return err
	}
	for _, c := range consumers {
		if c.Pending == 0 && c.Idle > forgottenAfter {
			if err := s.db.XGroupDelConsumer(ctx, key, group, c.Name).Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// bury moves a job that failed too often where a person can look at it.
func (s *Store) bury(ctx context.Context, j hunts.Job, why string) error {
	_, err := s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAdd(ctx, &redis.XAddArgs{Stream: s.keys.dead(), MaxLen: 1000, Approx: true, Values: map[string]any{
			"lane": j.Lane, "kind": j.Kind, "key": j.Key, "payload": j.Payload, "why": why, "deliveries": j.Deliveries,
		}})
		p.Expire(ctx, s.keys.dead(), keepDead)
		s.remove(ctx, p, j)
		return nil
	})
	return err
}
