package faults_test

import (
	"context"
	"iter"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// Servers on one file are processes between which nothing carries wake-ups. A task is
// on offer at the other one at once, each is claimed once, and a stream hears within a
// second of what was done there.
func TestServersOnAFileHearOfEachOther(t *testing.T) {
	path := "sqlite:" + filepath.Join(t.TempDir(), "market.db")
	here, there := serve(t, path), serve(t, path)
	urls := []string{here.url, there.url}
	ada := newPerson(t, urls, market.RegisterInput{Name: "ada"})
	workers := []person{newPerson(t, urls, market.RegisterInput{Name: "bob"}), newPerson(t, urls, market.RegisterInput{Name: "eve"})}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	next, stop := iter.Pull2(ada.clients[0].Events(ctx, "0"))
	defer stop()
	best := time.Hour
	for try := 0; try < 5 && best > time.Second; try++ {
		posted, err := ada.clients[0].Post(ctx, market.PostInput{Need: "task", MaxCredits: price})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := workers[0].clients[1].Ask(ctx, posted.TaskID, "why?"); err != nil {
			t.Fatal(err)
		}
		asked := time.Now()
		if e, err, _ := next(); err != nil || e.Type != store.EventTaskQuestion {
			t.Fatalf("the stream has %s, %v", e.Type, err)
		}
		best = min(best, time.Since(asked))
		if _, err := ada.clients[0].Cancel(ctx, posted.TaskID); err != nil {
			t.Fatal(err)
		}
	}
	if best > time.Second {
		t.Errorf("a question at the other server was heard of after %v", best)
	}

	const tasks = 16
	for i := range tasks {
		if _, err := ada.clients[i%2].Post(ctx, market.PostInput{Need: "task", MaxCredits: price}); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	claims := map[market.TaskID]int{}
	var all sync.WaitGroup
	for i, w := range workers {
		all.Go(func() {
			for {
				p, ok, err := w.clients[i].Pickup(ctx, market.Filter{})
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				mu.Lock()
				claims[p.TaskID]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for id, n := range claims {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	if len(claims) != tasks {
		t.Errorf("%d of %d tasks were claimed", len(claims), tasks)
	}
}
