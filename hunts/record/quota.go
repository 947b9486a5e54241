package record

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// allowScript counts ARGV[2] once in the set KEYS[1], which lives ARGV[1] ms from its
// first use on and holds at most ARGV[3]; it gives whether it counts, and how long
// the set still lives.
var allowScript = redis.NewScript(`
if redis.call('SISMEMBER', KEYS[1], ARGV[2]) == 1 then return {1, 0} end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[3]) then return {0, redis.call('PTTL', KEYS[1])} end
redis.call('SADD', KEYS[1], ARGV[2])
if redis.call('SCARD', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {1, 0}`)

// Writable writes a small key: a Redis that is out of memory or a read-only replica
// answers every question, and takes no work.
func (s *Store) Writable(ctx context.Context) error {
	return gone(s.db.Set(ctx, s.keys.probe(), s.cfg.Clock().UnixMilli(), keepProbe).Err())
}

// Allow counts one use of key, and each once of it only one time; false when there
// were limit of them within per already, with the time until the count begins anew.
func (s *Store) Allow(ctx context.Context, key, once string, limit int, per time.Duration) (bool, time.Duration, error) {
	r, err := allowScript.Run(ctx, s.db, []string{s.keys.quota(key)}, per.Milliseconds(), once, limit).Int64Slice()
	if err != nil {
		return false, 0, gone(err)
	}
	return r[0] == 1, time.Duration(r[1]) * time.Millisecond, nil
}
