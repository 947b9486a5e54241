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
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
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
	// TLS adds to a rediss:// URL.
	TLS TLS
	// Prefix stands before every key; "fp".
	Prefix string
	Clock  func() time.Time
	// Timeout bounds one command; 2 s. Callers in a hurry bring a shorter context.
	Timeout time.Duration
	// Replica names this process towards the others.
	Replica string
	Random  io.Reader
	// Trace names the span that a job belongs to, and travels with it; nil is none.
	Trace func(ctx context.Context) string
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

	dice sync.Mutex // Config.Random need not be safe for concurrent use
	name string     // of this process in the consumer group, unlike any other
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
	if cfg.Trace == nil {
		cfg.Trace = func(context.Context) string { return "" }
	}
	if cfg.Random == nil {
		return nil, errors.New("record: no source of randomness was given")
	}
	s := &Store{cfg: cfg, keys: keys{cfg.Prefix}}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	nonce, err := s.nonce(4)
	if err != nil {
		stop()
		return nil, err
	}
	s.name = cfg.Replica + "/" + nonce
	if cfg.URL == "" {
		if err := s.startLocal(life); err != nil {
			stop()
			return nil, err
		}
	} else {
		at, err := parseURL(cfg.URL)
		if err != nil {
			stop()
			return nil, err
		}
		if err := cfg.TLS.apply(at); err != nil {
			stop()
			return nil, err
		}
		s.db = at.client(cfg.Timeout)
	}
	within, end := context.WithTimeout(ctx, 3*time.Second)
	defer end()
	if err := s.Ping(within); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("no Redis answers at REDIS_URL (%s): start it or correct the address, or unset REDIS_URL to keep everything in memory: %w", masked(cfg.URL), errors.Unwrap(err))
	}
	s.wakers.start(life, s)
	return s, nil
}

// startLocal runs a Redis within the process. Its clock stands still by
// itself, so one goroutine moves it on.
func (s *Store) startLocal(ctx context.Context) error {
	local, err := miniredis.Run()
	if err != nil {
		return fmt.Errorf("starting the in-process store: %w", err)
	}
	s.local = local
	s.db = endpoint{one: &redis.Options{Addr: local.Addr()}}.client(s.cfg.Timeout)
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

// LogTo sends what the Redis client says by itself to log; without it that goes
// to the standard error as plain lines. It holds for the whole process: main
// calls it once, before Open.
func LogTo(log *slog.Logger) { redis.SetLogger(clientLog{log}) }

type clientLog struct{ log *slog.Logger }

// Printf is how the client logs; what it says is about connections, and each
// caller gets its own error besides.
func (c clientLog) Printf(ctx context.Context, format string, v ...any) {
	c.log.DebugContext(ctx, strings.TrimSpace(fmt.Sprintf(format, v...)))
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

// gone turns whatever a client returns into the errors of this package. A
// missing key is none.
func gone(err error) error {
	var known *hunts.Error
	var reply redis.Error
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled):
		return &hunts.Error{Kind: hunts.KindCancelled, Say: "stopped while our store was asked", Err: err}
	case errors.As(err, &reply):
		// out of memory, read-only, loading, no permission: it is there and says no
		return &hunts.Error{Kind: hunts.KindUnavailable, Say: "our store refuses to work", Hint: "Try again in a minute; `footprint check` tells what is wrong with it.", Err: err}
	}
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: "our store does not answer", Hint: "Try again in a minute.", Err: err}
}

// nonce is 2n hexadecimal digits that nobody else has.
func (s *Store) nonce(n int) (string, error) {
	b := make([]byte, n)
	if err := s.random(b); err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}

func (s *Store) random(b []byte) error {
	s.dice.Lock()
	defer s.dice.Unlock()
	if _, err := io.ReadFull(s.cfg.Random, b); err != nil {
		return fmt.Errorf("reading random bytes for the store: %w", err)
	}
	return nil
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
	if len(data) < zipFrom && !zipped(data) {
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

// zipped tells by the first two bytes of gzip; bytes that begin like it by
// themselves are always compressed, so that this is never wrong.
func zipped(data []byte) bool { return len(data) >= 2 && data[0] == 0x1f && data[1] == 0x8b }

func stretch(data []byte) ([]byte, error) {
	if !zipped(data) {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading a stored value: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("reading a stored value: %w", err)
	}
	if len(out) > maxUnpacked {
		return nil, errors.New("a stored value is larger than anything we write")
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
