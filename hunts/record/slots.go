package record

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Slot asks for one of the places that all replicas share, such as the five
// concurrent queries that Log Analytics gives an identity:
// https://learn.microsoft.com/azure/azure-monitor/service-limits#la-query-api
type Slot struct {
	Identity string // whose places; each has its own
	Slots    int    // how many there are
	Asker    string // who waits: places go to whoever holds the fewest
	Sweep    bool   // waits for people, though not for ever
	// Waiting hears how many are before it, each time it has looked and must wait on.
	Waiting func(ahead int)
}

const (
	slotTTL   = 9 * time.Second // a dead replica's places are free after this: before its jobs are taken over
	slotRenew = 3 * time.Second
	lineTTL   = 5 * time.Second // who has not looked for so long waits no more
	linePoll  = time.Second
	// sweepPatience is how long a sweep lets people pass; then it is one of them.
	sweepPatience = 5 * time.Minute
)

// Both tables map a token to "till|since|sweep|asker" by Redis's clock: till in
// milliseconds, since in microseconds, so that two who come at once have an order. The scripts drop what is over and change one entry; who is
// next is decided by turn.
const dropOver = `
local time = redis.call('TIME')
local now, micro = time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
local function live(key)
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '^(%d+)|')) < now then redis.call('HDEL', key, all[i]) end
  end
end
local function put(key, token, ttl, rest)
  local old = redis.call('HGET', key, token)
  local since = old and string.match(old, '^%d+|(%d+)|') or string.format('%.0f', micro)
  redis.call('HSET', key, token, string.format('%.0f|%s|%s', now + ttl, since, rest))
  redis.call('PEXPIRE', key, ARGV[1])
end
live(KEYS[1])
live(KEYS[2])
`

var (
	lookScript = redis.NewScript(dropOver + `
put(KEYS[2], ARGV[2], ARGV[3], ARGV[4])
return {string.format('%.0f', micro), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}`)
	takeScript = redis.NewScript(dropOver + `
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then
  if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 0 end
  if string.sub(ARGV[4], 1, 2) == 's|' then
    local sweeps = 0
    for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
      if string.match(value, '^%d+|%d+|s|') then sweeps = sweeps + 1 end
    end
    if sweeps >= tonumber(ARGV[6]) then return 0 end
  end
end
put(KEYS[1], ARGV[2], ARGV[3], ARGV[4])
redis.call('HDEL', KEYS[2], ARGV[2])
return 1`)
)

// place is an entry of either table.
type place struct {
	token string
	since int64
	sweep bool
	asker string
}

// AcquireSlot waits for a slot. ahead is how many were before it when it came.
// The slot is kept until release, which may be called more than once, or until
// this process dies. When the store does not answer the error is of kind
// unavailable, and callers go on with what they allow themselves.
func (s *Store) AcquireSlot(ctx context.Context, want Slot) (release func(), ahead int, err error) {
	token, err := s.nonce(8)
	if err != nil {
		return nil, 0, err
	}
	woken, forget := s.wakers.wait(slotWake(want.Identity))
	defer forget()
	tick := time.NewTicker(linePoll)
	defer tick.Stop()
	ahead = -1
	for {
		held, now, waiting, err := s.look(ctx, want, token)
		if err != nil {
			s.stepOut(ctx, want, token)
			return nil, max(0, ahead), err
		}
		before := turn(held, waiting, now, token, want.sweeps())
		left := max(0, before-(want.Slots-len(held))+1)
		if ahead < 0 {
			ahead = left
		}
		if before < want.Slots-len(held) {
			mine, err := s.take(ctx, want, token)
			if err != nil {
				s.stepOut(ctx, want, token)
				return nil, ahead, err
			}
			if mine {
				return s.keepSlot(ctx, want, token), ahead, nil
			}
		}
		if want.Waiting != nil && left > 0 {
			want.Waiting(left)
		}
		select {
		case <-ctx.Done():
			s.stepOut(ctx, want, token)
			return nil, ahead, gone(ctx.Err())
		case <-woken:
		case <-tick.C:
		}
	}
}

// sweeps is how many of the slots sweeps may hold at once: however many of them
// run, a person finds the others.
func (w Slot) sweeps() int { return max(1, w.Slots/2) }

func slotWake(identity string) string { return "slots:" + identity }

func (w Slot) rest() string {
	if w.Sweep {
		return "s|" + w.Asker
	}
	return "p|" + w.Asker
}

func (s *Store) slotKeys(identity string) []string {
	return []string{s.keys.slotsHeld(identity), s.keys.slotsWaiting(identity)}
}

// look keeps the token's place in the line and reads both tables.
func (s *Store) look(ctx context.Context, want Slot, token string) (held []place, now int64, waiting []place, err error) {
	r, err := lookScript.Run(ctx, s.db, s.slotKeys(want.Identity), keepLine.Milliseconds(), token, lineTTL.Milliseconds(), want.rest()).Slice()
	if err != nil {
		return nil, 0, nil, gone(err)
	}
	if len(r) == 3 {
		text, _ := r[0].(string)
		if now, err = strconv.ParseInt(text, 10, 64); err == nil {
			return places(r[1]), now, places(r[2]), nil
		}
	}
	return nil, 0, nil, gone(errors.New("the line for the slots can't be read"))
}

func places(table any) []place {
	list, _ := table.([]any)
	var out []place
	for i := 0; i+1 < len(list); i += 2 {
		token, _ := list[i].(string)
		value, _ := list[i+1].(string)
		f := strings.SplitN(value, "|", 4)
		if len(f) < 4 {
			continue
		}
		since, _ := strconv.ParseInt(f[1], 10, 64) // written by a script of ours
		out = append(out, place{token: token, since: since, sweep: f[2] == "s", asker: f[3]})
	}
	return out
}

// turn is how many of those who wait are served before token: people before
// sweeps, then whoever holds the fewest slots, then whoever came first. What
// somebody would be given counts as held for the next. While sweeps hold all that
// they may, none of them is before a person.
func turn(held, waiting []place, now int64, token string, sweeps int) int {
	holds := map[string]int{}
	for _, p := range held {
		holds[p.asker]++
		if p.sweep {
			sweeps--
		}
	}
	late := func(p place) bool { return p.sweep && (sweeps <= 0 || now-p.since < sweepPatience.Microseconds()) }
	for before := 0; len(waiting) > 0; before++ {
		next := slices.MinFunc(waiting, func(a, b place) int {
			if late(a) != late(b) {
				if late(b) {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(holds[a.asker], holds[b.asker]), cmp.Compare(a.since, b.since), cmp.Compare(a.token, b.token))
		})
		if next.token == token {
			return before
		}
		holds[next.asker]++
		if next.sweep {
			sweeps--
		}
		waiting = slices.DeleteFunc(waiting, func(p place) bool { return p.token == next.token })
	}
	return 0 // not in the line: it was dropped a moment ago and looks again
}

// take turns a place in the line into a slot, unless all are taken. Asked by a
// holder it keeps the slot.
func (s *Store) take(ctx context.Context, want Slot, token string) (bool, error) {
	n, err := takeScript.Run(ctx, s.db, s.slotKeys(want.Identity), keepLine.Milliseconds(), token, slotTTL.Milliseconds(), want.rest(), want.Slots, want.sweeps()).Int()
	return n == 1, gone(err)
}

// keepSlot renews a slot until it is released.
func (s *Store) keepSlot(ctx context.Context, want Slot, token string) (release func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beats sync.WaitGroup
	beats.Go(func() {
		for pause(ctx, slotRenew) {
			_, _ = s.take(ctx, want, token) // a slot lost to a silent store is taken again, or its query ends without
		}
	})
	return sync.OnceFunc(func() {
		stop()
		beats.Wait()
		s.stepOut(ctx, want, token)
	})
}

// stepOut leaves both tables and wakes who waits. When the store does not
// answer, the entry ends by itself.
func (s *Store) stepOut(ctx context.Context, want Slot, token string) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	_, err := s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range s.slotKeys(want.Identity) {
			p.HDel(ctx, key, token)
		}
		return nil
	})
	if err == nil {
		_ = s.db.Publish(ctx, s.keys.wake(), slotWake(want.Identity)).Err() // waiters look by themselves as well
	}
}
