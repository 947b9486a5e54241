package recordtest

import (
	"net"
	"sync"
	"testing"
)

// Proxy is the network between a Store and its server.
type Proxy struct {
	Addr string

	target string
	listen net.Listener
	busy   sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	refuse bool
	lose   int           // replies still to be lost
	flow   chan struct{} // closed when bytes flow; a fresh channel holds them up
}

// NewProxy puts a network before the server.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening for a proxy: %v", err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: s.Addr, listen: l, open: map[net.Conn]bool{}, flow: make(chan struct{})}
	close(p.flow)
	p.busy.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.Mend()
		p.drop()
		p.busy.Wait()
	})
	return p
}

// URL is what REDIS_URL takes.
func (p *Proxy) URL() string { return "redis://" + p.Addr + "/0" }

// Cut drops every connection and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.refuse = true
	p.mu.Unlock()
	p.drop()
}

// Stall holds up every byte, and loses none.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flow = make(chan struct{})
}

// LoseReplies delivers commands, then drops the connection instead of
// delivering the next n replies.
func (p *Proxy) LoseReplies(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = n
}

// Mend ends every trouble.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse, p.lose = false, 0
	select {
	case <-p.flow:
	default:
		close(p.flow)
	}
}

func (p *Proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *Proxy) accept() {
	for {
		c, err := p.listen.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refuse := p.refuse
		p.mu.Unlock()
		if refuse {
			_ = c.Close()
			continue
		}
		server, err := net.Dial("tcp", p.target) //nolint:noctx // a test's own proxy
		if err != nil {
			_ = c.Close()
			continue
		}
		p.mu.Lock()
		p.open[c], p.open[server] = true, true
		p.mu.Unlock()
		p.busy.Go(func() { p.copy(server, c, false) })
		p.busy.Go(func() { p.copy(c, server, true) })
	}
}

func (p *Proxy) copy(to, from net.Conn, reply bool) {
	defer func() {
		_ = to.Close()
		_ = from.Close()
		p.mu.Lock()
		delete(p.open, to)
		delete(p.open, from)
		p.mu.Unlock()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.mu.Lock()
			wait, lost := p.flow, reply && p.lose > 0
			if lost {
				p.lose--
			}
			p.mu.Unlock()
			<-wait
			if lost {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
