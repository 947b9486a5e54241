package azure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLanes(t *testing.T) {
	t.Run("no more run at once than there are slots", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLanes(5)
			var running, most atomic.Int32
			done := make(chan struct{})
			for i := range 40 {
				go func() {
					release, _, err := l.enter(t.Context(), fmt.Sprint("U", i%3), false)
					if err != nil {
						t.Error(err)
					}
					n := running.Add(1)
					for {
						m := most.Load()
						if n <= m || most.CompareAndSwap(m, n) {
							break
						}
					}
					time.Sleep(time.Second)
					running.Add(-1)
					release()
					done <- struct{}{}
				}()
			}
			for range 40 {
				<-done
			}
			if most.Load() != 5 {
				t.Errorf("%d ran at once", most.Load())
			}
		})
	})
	t.Run("a question goes before a sweep, and a new asker before a busy one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLanes(2)
			first, _, _ := l.enter(t.Context(), "busy", false)
			second, _, _ := l.enter(t.Context(), "sweep", true)
			order := make(chan string, 3)
			for _, w := range []struct {
				asker string
				sweep bool
			}{{"sweep", true}, {"busy", false}, {"new", false}} {
				go func() {
					release, _, err := l.enter(t.Context(), w.asker, w.sweep)
					if err != nil {
						t.Error(err)
					}
					order <- w.asker
					synctest.Wait()
					release()
				}()
				synctest.Wait()
			}
			second()
			got := []string{<-order, <-order, <-order}
			first()
			if strings.Join(got, " ") != "new busy sweep" {
				t.Errorf("order %v", got)
			}
		})
	})
	t.Run("who gives up frees nothing and blocks nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLanes(1)
			release, _, _ := l.enter(t.Context(), "a", false)
			ctx, stop := context.WithCancel(t.Context())
			gone := make(chan error)
			go func() { _, _, err := l.enter(ctx, "b", false); gone <- err }()
			synctest.Wait()
			stop()
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			release()
			if _, ahead, err := l.enter(t.Context(), "c", false); err != nil || ahead != 0 {
				t.Errorf("ahead %d, %v", ahead, err)
			}
		})
	})
}
