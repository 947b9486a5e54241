package record_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func TestACluster(t *testing.T) {
	t.Parallel()
	var nodes []*recordtest.Server
	var clients []*redis.Client
	var buses []string
	for range 3 {
		bus := recordtest.FreePort(t) // by default the port and 10000, which may be too high
		buses = append(buses, bus)
		node := recordtest.Real(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", bus)
		nodes = append(nodes, node)
		c := node.Client()
		defer c.Close()
		clients = append(clients, c)
	}
	const slots = 16384
	for i, c := range clients {
		check(t, c.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1).Err())
		check(t, c.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		host, port, _ := net.SplitHostPort(nodes[0].Addr)
		check(t, c.Do(t.Context(), "CLUSTER", "MEET", host, port, buses[0]).Err())
	}
	for _, c := range clients {
		expect(t, "the nodes know each other", func() bool {
			info, err := c.ClusterInfo(t.Context()).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	s := recordtest.Open(t, "redis+cluster://"+nodes[0].Addr+","+nodes[1].Addr, "a")
	everything(t, s) // each script and transaction touches keys of one tag only
	if info, err := s.Info(t.Context()); err != nil || info.Mode != "cluster" {
		t.Errorf("it tells of itself %+v, %v", info, err)
	}
	used := 0
	for _, node := range nodes {
		if len(node.Leftovers(t)) > 0 {
			used++
		}
	}
	if used < 2 {
		t.Errorf("only %d of 3 nodes hold anything", used)
	}
	l, _, _, err := s.Lease(t.Context(), "awaited", "F-AAAA", time.Hour)
	check(t, err)
	woken := make(chan error, 1)
	go func() { woken <- s.Await(t.Context(), "awaited") }()
	check(t, l.Release(t.Context()))
	check(t, receive(t, "a waiter wakes across nodes", woken))
}

func TestSentinels(t *testing.T) {
	t.Parallel()
	master := recordtest.Real(t)
	host, port, _ := net.SplitHostPort(master.Addr)
	replica := recordtest.Real(t, "--replicaof", host+" "+port)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	check(t, os.WriteFile(file, fmt.Appendf(nil, "sentinel monitor fp %s %s 1\nsentinel down-after-milliseconds fp 300\nsentinel failover-timeout fp 3000\n", host, port), 0o600))
	sentinel := recordtest.RealFrom(t, file, "--sentinel")
	c := sentinel.Client()
	defer c.Close()
	expect(t, "the sentinel knows the replica", func() bool {
		text, err := c.Info(t.Context(), "sentinel").Result()
		return err == nil && strings.Contains(text, "slaves=1")
	})
	s := recordtest.Open(t, "redis+sentinel://"+sentinel.Addr+"/fp/0", "a")
	done := make(chan string, 4)
	consume(t, s, quick(t), func(_ context.Context, j hunts.Job) error { done <- j.Key; return nil })
	push(t, s, "interactive", "before")
	if got := receive(t, "work is done", done); got != "before" {
		t.Errorf("%q instead", got)
	}
	r := replica.Client()
	defer r.Close()
	expect(t, "the replica has it", func() bool {
		n, err := r.Exists(t.Context(), "fp:1:{queue}:seen:before").Result()
		return err == nil && n == 1
	})
	master.Kill(t)
	expect(t, "the replica takes over", func() bool {
		_, err := s.Push(t.Context(), "interactive", "hunt", "after", nil)
		return err == nil
	})
	if got := receive(t, "work goes on", done); got != "after" {
		t.Errorf("%q instead", got)
	}
}
