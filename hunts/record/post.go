package record

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
)

// claimScript claims a post. A claim outlives its time, so that who takes it
// over knows that somebody may have sent the message already. The time is
// Redis's own: clocks of replicas differ. Asked again with the same claim it
// gives the same answer, since clients repeat commands whose reply was lost.
var claimScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local v = redis.call('GET', KEYS[1])
if v and string.sub(v, 1, 1) ~= 'c' then return v end
local answer = 'mine'
if v then
  local till, whose, first = string.match(v, '^c|(%d+)|(%w+)|(%w+)|')
  if whose == ARGV[2] then return first end
  if tonumber(till) > now then return 'others' end
  answer = 'retaken'
end
redis.call('SET', KEYS[1], string.format('c|%.0f|%s|%s|%s', now + ARGV[1], ARGV[2], answer, ARGV[3]), 'PX', ARGV[4])
return answer`)

// doubtScript ends a claim, and keeps it, so that who claims next is told that
// it is retaken.
var doubtScript = redis.NewScript(`
local v = redis.call('GET', KEYS[1])
if v and string.sub(v, 1, 2) == 'c|' then
  redis.call('SET', KEYS[1], 'c|0|none|retaken|none', 'PX', ARGV[1])
end
return 1`)

// ClaimPost must be called before a post is sent. The claim lasts for ttl; who
// claims after that is told that the post is retaken.
func (s *Store) ClaimPost(ctx context.Context, key, owner string, ttl time.Duration) (hunts.PostState, hunts.Post, error) {
	nonce, err := s.nonce(8)
	if err != nil {
		return "", hunts.Post{}, err
	}
	v, err := claimScript.Run(ctx, s.db, []string{s.keys.post(key)}, ttl.Milliseconds(), nonce, owner, keepPost.Milliseconds()).Text()
	if err != nil {
		return "", hunts.Post{}, gone(err)
	}
	switch v {
	case "mine":
		return hunts.PostMine, hunts.Post{}, nil
	case "retaken":
		return hunts.PostRetaken, hunts.Post{}, nil
	case "others":
		return hunts.PostOthers, hunts.Post{}, nil
	}
	var p hunts.Post
	if err := json.Unmarshal([]byte(v), &p); err != nil {
		return "", hunts.Post{}, gone(err)
	}
	return hunts.PostDone, p, nil
}

// SavePost remembers where a post is.
func (s *Store) SavePost(ctx context.Context, key string, p hunts.Post, ttl time.Duration) error {
	data, err := json.Marshal(p)
	if err != nil {
		return gone(err)
	}
	return gone(s.db.Set(ctx, s.keys.post(key), data, ttl).Err())
}

// LoadPost tells where a post is; false when it was not sent.
func (s *Store) LoadPost(ctx context.Context, key string) (hunts.Post, bool, error) {
	v, err := s.db.Get(ctx, s.keys.post(key)).Result()
	if err := gone(err); err != nil {
		return hunts.Post{}, false, err
	}
	var p hunts.Post
	if v == "" || strings.HasPrefix(v, "c|") || json.Unmarshal([]byte(v), &p) != nil {
		return hunts.Post{}, false, nil
	}
	return p, true, nil
}

// DoubtPost ends a claim when nobody knows whether the post was sent: the next
// to claim it is told that it is retaken, and looks for it first.
func (s *Store) DoubtPost(ctx context.Context, key string) error {
	return gone(doubtScript.Run(ctx, s.db, []string{s.keys.post(key)}, keepPost.Milliseconds()).Err())
}

// DropPost gives a claim back, or forgets a post.
func (s *Store) DropPost(ctx context.Context, key string) error {
	return gone(s.db.Del(ctx, s.keys.post(key)).Err())
}

// SaveThreadHunt ties a thread to the hunt whose message it hangs on.
func (s *Store) SaveThreadHunt(ctx context.Context, channel, threadTS, huntID string, ttl time.Duration) error {
	return gone(s.db.Set(ctx, s.keys.thread(channel, threadTS), huntID, ttl).Err())
}

// ThreadHunt is the hunt of a thread.
func (s *Store) ThreadHunt(ctx context.Context, channel, threadTS string) (string, bool, error) {
	id, err := s.db.Get(ctx, s.keys.thread(channel, threadTS)).Result()
	return id, id != "", gone(err)
}
