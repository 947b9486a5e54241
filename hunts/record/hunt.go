package record

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
)

// SaveHunt writes the hunt, replacing an earlier state of it.
func (s *Store) SaveHunt(ctx context.Context, h hunts.Hunt) error {
	return s.save(ctx, s.keys.hunt(h.ID), h, keepHunt)
}

// Hunt reads a hunt back.
func (s *Store) Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error) {
	var h hunts.Hunt
	ok, err := s.load(ctx, s.keys.hunt(id), &h)
	return h, ok, err
}

// SaveAnswer keeps the answer of a hunt, and, when key is given, as the cached
// answer of everyone who asks the same until ttl is over.
func (s *Store) SaveAnswer(ctx context.Context, key string, a hunts.Answer, ttl time.Duration) error {
	if err := s.save(ctx, s.keys.answer(a.HuntID), a, keepHunt); err != nil || key == "" {
		return err
	}
	return s.save(ctx, s.keys.cached(key), a, ttl)
}

// Answer reads the answer of a hunt by its id.
func (s *Store) Answer(ctx context.Context, huntID string) (hunts.Answer, bool, error) {
	var a hunts.Answer
	ok, err := s.load(ctx, s.keys.answer(huntID), &a)
	return a, ok, err
}

// CachedAnswer reads the answer under key.
func (s *Store) CachedAnswer(ctx context.Context, key string) (hunts.Answer, bool, error) {
	var a hunts.Answer
	ok, err := s.load(ctx, s.keys.cached(key), &a)
	return a, ok, err
}

// DropAnswer forgets what a hunt found: its answer, and the cached one.
func (s *Store) DropAnswer(ctx context.Context, huntID, key string) error {
	if key != "" {
		if err := gone(s.db.Del(ctx, s.keys.cached(key)).Err()); err != nil {
			return err
		}
	}
	return gone(s.db.Del(ctx, s.keys.answer(huntID)).Err())
}

// SaveBlob keeps bytes under key.
func (s *Store) SaveBlob(ctx context.Context, key string, data []byte, ttl time.Duration) error {
	data, err := squeeze(data)
	if err != nil {
		return err
	}
	return gone(s.db.Set(ctx, s.keys.blob(key), data, ttl).Err())
}

// DropBlobs forgets kept bytes, one by one: in a cluster they lie apart.
func (s *Store) DropBlobs(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := gone(s.db.Del(ctx, s.keys.blob(key)).Err()); err != nil {
			return err
		}
	}
	return nil
}

// Blob reads bytes back.
func (s *Store) Blob(ctx context.Context, key string) ([]byte, bool, error) {
	data, err := s.db.Get(ctx, s.keys.blob(key)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, gone(err)
	}
	data, err = stretch(data)
	return data, err == nil, nil // one that can't be read counts as not there
}

// idLetters leave out what reads alike: 0 O, 1 I L, U.
const idLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewHuntID reserves an id that nobody has: F- and four letters, more when
// those run out. For the same cause it gives the same id again, even after Redis
// evicted the reservation: a cause that comes back must not become a second hunt.
// An empty cause is always a new one.
func (s *Store) NewHuntID(ctx context.Context, cause string) (string, error) {
	whose := s.cfg.Replica
	if cause != "" {
		whose = "for " + cause
	}
	for try := range 12 {
		letters := make([]byte, 4+try/4)
		if cause != "" {
			sum := sha256.Sum256([]byte(strconv.Itoa(try) + " " + cause))
			copy(letters, sum[:])
		} else if err := s.random(letters); err != nil {
			return "", err
		}
		for i, b := range letters {
			letters[i] = idLetters[int(b)%len(idLetters)]
		}
		id := "F-" + string(letters)
		free, err := s.db.SetNX(ctx, s.keys.id(id), whose, keepHunt+24*time.Hour).Result()
		if err != nil {
			return "", gone(err)
		}
		if !free && cause != "" {
			holder, err := s.db.Get(ctx, s.keys.id(id)).Result()
			if err := gone(err); err != nil {
				return "", err
			}
			free = holder == whose
		}
		if free {
			return id, nil
		}
	}
	return "", &hunts.Error{Kind: hunts.KindUnavailable, Say: "no free hunt id was found", Hint: "Try again."}
}
