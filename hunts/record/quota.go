package record

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

var allowScript = redis.NewScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}`)

// Allow counts one use of key; false when there were limit of them within per
// already, with the time until the count begins anew.
func (s *Store) Allow(ctx context.Context, key string, limit int, per time.Duration) (bool, time.Duration, error) {
	r, err := allowScript.Run(ctx, s.db, []string{s.keys.quota(key)}, per.Milliseconds()).Int64Slice()
	if err != nil {
		return false, 0, gone(err)
	}
	return r[0] <= int64(limit), time.Duration(r[1]) * time.Millisecond, nil
}
