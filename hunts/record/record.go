// Package record is the product's memory on Redis: hunts and their answers,
// the cache, the stream of work, leases, posts, small documents and the audit.
//
// It implements hunts.Record and what the bot and the sweeps need besides. It
// holds no rule of the business: scripts only make two commands one. What
// surprises: every error is a *hunts.Error of kind unavailable, so that callers
// can go on without memory; and without a URL a Redis within the process is
// used, whose keys expire like everywhere.
package record

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
)

// Config is what a Store is made of.
type Config struct {
	// URL is REDIS_URL: redis://, rediss://, unix://, redis+cluster://host,host2/
	// or redis+sentinel://host,host2/master/db. Empty is a server within the
	// process, which forgets everything on Close.
	URL string
	// Prefix stands before every key; "fp".
	Prefix string
	Clock  func() time.Time
	// Timeout bounds one command; 2 s. Callers in a hurry bring a shorter context.
	Timeout time.Duration
	// Replica names this process towards the others.
	Replica string
	Random  io.Reader
}

// Store is the memory. It is safe for concurrent use.
type Store struct {
	cfg    Config
	keys   keys
	db     redis.UniversalClient
	local  *miniredis.Miniredis
	stop   context.CancelFunc
	done   sync.WaitGroup
	wakers wakers
}

// Open connects and looks whether somebody answers, for at most 3 s.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = "fp"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 2 * time.Second
	}
	if cfg.Replica == "" {
		cfg.Replica = "one"
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Random == nil {
		return nil, errors.New("record: no source of randomness was given")
	}
	s := &Store{cfg: cfg, keys: keys{cfg.Prefix}}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if cfg.URL == "" {
		if err := s.startLocal(life); err != nil {
			stop()
			return nil, err
		}
	} else {
		options, err := parseURL(cfg.URL)
		if err != nil {
			stop()
			return nil, err
		}
		s.tune(options)
		s.db = redis.NewUniversalClient(options)
	}
	within, end := context.WithTimeout(ctx, 3*time.Second)
	defer end()
	if err := s.Ping(within); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("no Redis answers at REDIS_URL (%s): start it, or unset REDIS_URL to keep everything in memory: %w", masked(cfg.URL), errors.Unwrap(err))
	}
	s.wakers.start(life, s)
	return s, nil
}

func (s *Store) tune(o *redis.UniversalOptions) {
	o.ContextTimeoutEnabled = true // without it a context ends nothing
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = s.cfg.Timeout, s.cfg.Timeout, s.cfg.Timeout
	o.MaxRetries = 1
	o.DisableIdentity = true
}

// startLocal runs a Redis within the process. Its clock stands still by
// itself, so one goroutine moves it on.
func (s *Store) startLocal(ctx context.Context) error {
	local, err := miniredis.Run()
	if err != nil {
		return fmt.Errorf("starting the in-process store: %w", err)
	}
	s.local = local
	options := &redis.UniversalOptions{Addrs: []string{local.Addr()}}
	s.tune(options)
	s.db = redis.NewUniversalClient(options)
	s.done.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		last := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				local.FastForward(now.Sub(last))
				last = now
			}
		}
	})
	return nil
}

// InMemory tells that everything is lost on Close.
func (s *Store) InMemory() bool { return s.local != nil }

// Ping asks whether somebody answers.
func (s *Store) Ping(ctx context.Context) error { return gone(s.db.Ping(ctx).Err()) }

// Close ends the connections and the in-process server.
func (s *Store) Close() error {
	s.stop()
	err := s.db.Close()
	s.done.Wait()
	if s.local != nil {
		s.local.Close()
	}
	return err
}

// gone turns whatever a client returns into the one kind of error of this
// package. A missing key is none.
func gone(err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		return nil
	}
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: "our store does not answer", Hint: "Try again in a minute.", Err: err}
}

// zipFrom is the size from which a value is compressed.
const zipFrom = 4 << 10

// pack writes a value as JSON, compressed when it is large; the first byte of
// gzip is no JSON.
func pack(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding a %T for the store: %w", v, err)
	}
	return squeeze(data)
}

func squeeze(data []byte) ([]byte, error) {
	if len(data) < zipFrom {
		return data, nil
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is a valid one
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compressing for the store: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing for the store: %w", err)
	}
	return b.Bytes(), nil
}

// maxUnpacked bounds what a stored value may swell to.
const maxUnpacked = 256 << 20

func stretch(data []byte) ([]byte, error) {
	if len(data) < 2 || data[0] != 0x1f || data[1] != 0x8b {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading a stored value: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("reading a stored value: %w", err)
	}
	return out, nil
}

func unpack(data []byte, v any) error {
	data, err := stretch(data)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("reading a stored %T: %w", v, err)
	}
	return nil
}

// load reads one key into v; false when it is not there. A value that can't be
// read counts as not there: it was written by another version.
func (s *Store) load(ctx context.Context, key string, v any) (bool, error) {
	data, err := s.db.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, gone(err)
	}
	return unpack(data, v) == nil, nil
}

func (s *Store) save(ctx context.Context, key string, v any, ttl time.Duration) error {
	data, err := pack(v)
	if err != nil {
		return err
	}
	return gone(s.db.Set(ctx, key, data, ttl).Err())
}
