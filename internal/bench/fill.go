package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

const (
	tags      = 2_000
	words     = 50_000
	wordsEach = 60
	posters   = 1_000
)

// tagNames are the same strings wherever they stand, as the market makes them.
var tagNames = func() (names [tags]string) {
	for i := range names {
		names[i] = fmt.Sprintf("tag-%d", i)
	}
	return names
}()

// world is a filled market.
type world struct {
	*market.Market
	store *memory.Store
	rng   *rand.Rand
	tags  *rand.Zipf
	text  int // bytes of text
}

// newWorld fills a store with n open tasks, straight through its commits, and
// puts a market on it.
func newWorld(ctx context.Context, n, agents int) (*world, error) {
	rng := rand.New(rand.NewPCG(1, 2))
	w := &world{store: memory.New(), rng: rng, tags: rand.NewZipf(rng, 1.1, 1, tags-1)}
	if err := w.agents(ctx, agents); err != nil {
		return nil, err
	}
	now := time.Now().Add(-time.Hour).UTC()
	for done := 0; done < n; {
		c := &store.Change{At: now}
		for range min(200, n-done) {
			done++
			w.task(c, done, now.Add(time.Duration(done)*time.Microsecond))
		}
		if _, err := w.store.Commit(ctx, c); err != nil {
			return nil, err
		}
	}
	var err error
	w.Market, err = pinchwork.New(pinchwork.WithStore(w.store), pinchwork.WithPolicy(func(p *market.Policy) {
		p.MaxOpenClaims, p.NewcomerClaims, p.MatchHeadStart = 0, 0, 0
	}))
	return w, err
}

func (w *world) agents(ctx context.Context, n int) error {
	for i := 0; i < n; {
		c := &store.Change{At: time.Now()}
		for range min(500, n-i) {
			id := agentID(i)
			p := &store.Profile{ID: id, Version: 1, Name: string(id), GoodAt: w.words(12), Tags: w.someTags(3)}
			c.Agents = append(c.Agents, store.AgentWrite{New: p, Key: market.APIKey(id).Digest()})
			c.Accounts = append(c.Accounts, store.AccountDelta{
				Agent: id, RatingSum: int64(w.rng.IntN(20) + 5), RatingCount: 5,
			})
			c.Transfers = append(c.Transfers, store.Transfer{
				ID: market.EntryID(fmt.Sprintf("le-%d", i)), From: store.PlatformAccount, To: store.AgentAccount(id),
				Amount: limits.Grant, Kind: store.EntryAdminGrant, Agent: id,
			})
			i++
		}
		if _, err := w.store.Commit(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func agentID(i int) market.AgentID { return market.AgentID(fmt.Sprintf("ag-%016d", i)) }

func (w *world) task(c *store.Change, i int, at time.Time) {
	t := &store.Task{
		ID: market.TaskID(fmt.Sprintf("tk-%016d", i)), Version: 1, Poster: agentID(i % posters), MaxCredits: 10,
		Tags: w.someTags(3), Status: market.StatusPosted, CreatedAt: at,
		ExpiresAt: at.Add(72 * time.Hour), NextDue: at.Add(72 * time.Hour),
	}
	text := store.TaskText{Need: w.words(wordsEach)}
	w.text += len(text.Need)
	c.Tasks = append(c.Tasks, store.TaskWrite{New: t, Text: text})
	c.Feed = append(c.Feed, store.FeedItem{Kind: store.FeedTask, Task: t.ID, Version: 1, Open: true})
}

func (w *world) someTags(n int) []string {
	out := make([]string, 0, n)
	for range n {
		out = append(out, tagNames[w.tags.Uint64()])
	}
	return out
}

func (w *world) words(n int) string {
	var b strings.Builder
	for range n {
		// Half the words are common, as in real texts.
		i := w.rng.IntN(words)
		if w.rng.IntN(2) == 0 {
			i = w.rng.IntN(500)
		}
		fmt.Fprintf(&b, "word%d ", i)
	}
	return b.String()
}

// worker registers an agent with capability tags.
func (w *world) worker(ctx context.Context, n int) (*market.Handle, error) {
	in := market.RegisterInput{Name: "worker"}
	for len(in.Tags) < n {
		in.Tags = append(in.Tags, fmt.Sprintf("tag-%d", len(in.Tags)*7))
	}
	r, err := w.Register(ctx, in)
	return w.As(r.AgentID), err
}

// heap is what lives after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
