// Package recordtest gives tests a Redis: a real server on a free port when
// the machine has redis-server, one within the process everywhere, and a
// network in between that can be cut.
//
// Nothing of it is shared between tests. What surprises: a real server can be
// killed and started again with its data, the one within the process can't.
package recordtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// Start gives a Store of its own on a real Redis, or, where there is none, on
// one within the process; the log says which.
func Start(t testing.TB) *record.Store {
	t.Helper()
	return Open(t, Any(t).URL(), "")
}

// Open is one more Store, as another process would have it, closed with the
// test.
func Open(t testing.TB, url, replica string) *record.Store {
	t.Helper()
	s, err := record.Open(t.Context(), record.Config{URL: url, Replica: replica, Clock: testclock.New().Now, Random: rand.Reader})
	if err != nil {
		t.Fatalf("opening a store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Logf("closing a store: %v", err)
		}
	})
	return s
}

// Quiet stops the client library from printing each dial that fails: tests take
// Redis away on purpose.
func Quiet() { logging.Disable() }

// Server is a Redis.
type Server struct {
	Addr string

	args []string
	dir  string
	cmd  *exec.Cmd
}

// URL is what REDIS_URL takes.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

// Any is a real server when there is one on this machine.
func Any(t testing.TB) *Server {
	t.Helper()
	if installed(t) {
		return Real(t)
	}
	t.Log("redis-server is not installed: testing against a Redis within the process")
	return Inside(t)
}

// installed tells whether this machine has redis-server. Where no test may be
// skipped for want of a tool, as in CI, its absence fails the test.
func installed(t testing.TB) bool {
	t.Helper()
	_, err := exec.LookPath("redis-server")
	if err != nil && os.Getenv("FOOTPRINT_TEST_STRICT") != "" {
		t.Fatal("redis-server is not installed (apt-get install redis-server), and FOOTPRINT_TEST_STRICT is set")
	}
	return err == nil
}

// Each runs a test against both kinds of server at once.
func Each(t *testing.T, test func(t *testing.T, s *Server)) {
	t.Helper()
	t.Run("on a real Redis", func(t *testing.T) { t.Parallel(); test(t, Real(t)) })
	t.Run("on a Redis within the process", func(t *testing.T) { t.Parallel(); test(t, Inside(t)) })
}

// Inside is a Redis within the process whose keys expire as time goes by.
func Inside(t testing.TB) *Server {
	t.Helper()
	inside, err := miniredis.Run()
	if err != nil {
		t.Fatalf("starting a Redis within the process: %v", err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-stop:
				return
			case now := <-tick.C:
				inside.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
		inside.Close()
	})
	return &Server{Addr: inside.Addr()}
}

// Real starts a redis-server that writes every command to disk, and skips the
// test where there is none. More configuration may follow.
func Real(t testing.TB, more ...string) *Server {
	t.Helper()
	return RealFrom(t, "", append([]string{"--save", "", "--appendonly", "yes", "--appendfsync", "always"}, more...)...)
}

// RealFrom starts a redis-server with a configuration file, which a sentinel
// needs: it writes down what it learns.
func RealFrom(t testing.TB, file string, more ...string) *Server {
	t.Helper()
	if !installed(t) {
		t.Skip("SKIPPED: redis-server is not installed (apt-get install redis-server); the same is tested against a Redis within the process where that is possible")
	}
	dir := t.TempDir()
	port := FreePort(t)
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", port), dir: dir}
	if file != "" {
		s.args = append(s.args, file)
	}
	s.args = append(s.args, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--logfile", filepath.Join(dir, "log"))
	s.args = append(s.args, more...)
	s.Start(t)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// Start runs a killed server again, with its data, and returns when it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command("redis-server", s.args...) //nolint:gosec,noctx // a test's own server; Kill ends it
	s.cmd.Stdout, s.cmd.Stderr = nil, nil
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("starting redis-server: %v", err)
	}
	c := s.Client()
	defer func() { _ = c.Close() }()
	if !Within(10*time.Second, func() bool { return c.Ping(context.Background()).Err() == nil }) {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		t.Fatalf("redis-server does not answer on %s:\n%s", s.Addr, log)
	}
}

// Kill ends the server as a crash would.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // says "signal: killed"
	s.cmd = nil
}

// Forget kills the server and throws its data away, as a container without a volume
// does.
func (s *Server) Forget(t testing.TB) {
	t.Helper()
	s.Kill(t)
	if err := os.RemoveAll(filepath.Join(s.dir, "appendonlydir")); err != nil {
		t.Error(err)
	}
}

// Tear kills the server and cuts the end of what it wrote to disk, as a host that
// loses power does.
func (s *Server) Tear(t testing.TB, bytes int64) {
	t.Helper()
	s.Kill(t)
	files, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		t.Errorf("no file to cut: %v", err)
		return
	}
	newest := files[len(files)-1]
	info, err := os.Stat(newest)
	if err == nil {
		err = os.Truncate(newest, max(0, info.Size()-bytes))
	}
	if err != nil {
		t.Error(err)
	}
}

// Freeze stops the server without closing its connections, which is how an
// overloaded host looks; Thaw lets it go on.
func (s *Server) Freeze(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Thaw ends Freeze.
func (s *Server) Thaw(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, what syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(what); err != nil {
		t.Fatalf("signalling redis-server: %v", err)
	}
}

// Client speaks to the server past every Store, to look or to spoil.
func (s *Server) Client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, DisableIdentity: true, ContextTimeoutEnabled: true, DialTimeout: time.Second, DialerRetries: 1, MaxRetries: -1})
}

// Leftovers lists the keys of a server with the time they have left; zero is
// for ever.
func (s *Server) Leftovers(t testing.TB) map[string]time.Duration {
	t.Helper()
	c := s.Client()
	defer func() { _ = c.Close() }()
	out := map[string]time.Duration{}
	for it := c.Scan(t.Context(), 0, "*", 1000).Iterator(); it.Next(t.Context()); {
		left, err := c.PTTL(t.Context(), it.Val()).Result()
		if err != nil {
			t.Fatalf("looking at %s: %v", it.Val(), err)
		}
		out[it.Val()] = max(0, left)
	}
	return out
}

// Within looks again and again until ok, for at most limit.
func Within(limit time.Duration, ok func() bool) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok() {
			return true
		}
		select {
		case <-deadline.C:
			return ok()
		case <-tick.C:
		}
	}
}

// FreePort is a port nobody listens on at the moment.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("looking for a free port: %v", err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := strings.Cut(fmt.Sprint(l.Addr()), ":")
	return port
}
