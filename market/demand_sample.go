package market

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/demand"
	"github.com/pinchwork/pinchwork/market/internal/keyword"
	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/store"
)

// demandCache holds what the figures of demand are computed from.
type demandCache struct {
	trades lately[*demand.Sample]
	words  lately[*tradeWords]
}

// tradeWords are the words of the trades of a sample, and an index of it by them.
type tradeWords struct {
	*demand.Words
	of    *demand.Sample
	known map[string][]string
}

// trades returns the sample of approvals, at most a minute old.
func (m *Market) trades(ctx context.Context, now time.Time) (*demand.Sample, error) {
	return m.demand.trades.get(ctx, now, demandAge, func(*demand.Sample) (*demand.Sample, error) {
		trades, err := m.readTrades(ctx, now)
		if err != nil {
			return nil, known(ctx, err)
		}
		return demand.New(now, trades), nil
	})
}

// readTrades reads the newest approvals of the last 30 days: not those of system
// tasks, of suspended posters, nor of direct hires that only those hired know of.
func (m *Market) readTrades(ctx context.Context, now time.Time) ([]demand.Trade, error) {
	// Who is suspended has to be known.
	if err := m.consult(ctx, func() {}); err != nil {
		return nil, err
	}
	var tasks []*store.Task
	seen := map[TaskID]bool{}
	since := now.Add(-demandDays)
	for looked := 0; looked < demandLooks && len(tasks) < demandTrades; {
		page, err := m.store.ScanEnded(ctx, demandPage, looked)
		if err != nil {
			return nil, err
		}
		looked += len(page)
		for _, st := range page {
			// What ends meanwhile shifts the pages, so that a task may come twice.
			if t := st.Task; !seen[t.ID] && m.isTrade(t, since) {
				seen[t.ID] = true
				tasks = append(tasks, t)
			}
		}
		if len(page) < demandPage || page[len(page)-1].Task.Ending.At.Before(since) {
			break
		}
	}
	slices.SortFunc(tasks, func(a, b *store.Task) int {
		return cmp.Or(b.Ending.At.Compare(a.Ending.At), cmp.Compare(b.Seq, a.Seq))
	})
	trades := make([]demand.Trade, min(len(tasks), demandTrades))
	for i := range trades {
		trades[i] = tradeOf(tasks[i])
	}
	return trades, nil
}

func (m *Market) isTrade(t *store.Task, since time.Time) bool {
	if t.Status != StatusApproved || !t.Counted() || t.Claim == nil || t.Ending.At.Before(since) {
		return false
	}
	poster, known := m.mirror.Agents.Get(string(t.Poster))
	return !known || !poster.Suspended
}

// tradeOf copies what outlives the task. Its times count from the first posting.
func tradeOf(t *store.Task) demand.Trade {
	return demand.Trade{
		ID: string(t.ID), Poster: string(t.Poster), Tags: foldTags(t.Tags), Credits: t.MaxCredits, Bytes: t.Bytes,
		ToClaim: t.Claim.At.Sub(t.CreatedAt), ToApproval: t.Ending.At.Sub(t.CreatedAt),
	}
}

// foldTags returns distinct folded tags.
func foldTags(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		if tag = text.FoldTag(tag); !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}

// wordsOf are the distinct words of a need and of tags, as the built-in matcher reads
// them.
func wordsOf(need string, tags []string) []string {
	words := keyword.Of(need)
	seen := make(map[string]bool, len(words))
	for _, w := range words {
		seen[w] = true
	}
	for _, tag := range tags {
		for _, w := range keyword.OfTag(tag) {
			if !seen[w] {
				seen[w] = true
				words = append(words, w)
			}
		}
	}
	return words
}

const (
	// longText is a task whose words nobody looks at, in bytes; wordBytes bounds the
	// texts of a sample that are read, the newest first, and pieceBytes those of one
	// read.
	longText, wordBytes, pieceBytes = 16 << 10, 4 << 20, 256 << 10
)

// tradeWords returns the sample with an index by words. A need never changes, so only
// those of new trades are read.
func (m *Market) tradeWords(ctx context.Context, of *demand.Sample) (*tradeWords, error) {
	return m.demand.words.get(ctx, of.At, 1, func(last *tradeWords) (*tradeWords, error) {
		w := &tradeWords{of: of, known: make(map[string][]string, len(of.Trades))}
		if err := m.readWords(ctx, w, last); err != nil {
			return nil, known(ctx, err)
		}
		w.Words = of.Index(func(t *demand.Trade) []string { return w.known[t.ID] })
		return w, nil
	})
}

func (m *Market) readWords(ctx context.Context, w, last *tradeWords) error {
	var unread []*demand.Trade
	size, piece := int64(0), int64(0)
	read := func() error {
		err := m.readNeeds(ctx, unread, w.known)
		unread, piece = unread[:0], 0
		return err
	}
	for i := range w.of.Trades {
		t := &w.of.Trades[i]
		if t.Bytes > longText {
			continue
		}
		if size += t.Bytes; size > wordBytes {
			break
		}
		if last != nil && last.known[t.ID] != nil {
			w.known[t.ID] = last.known[t.ID]
			continue
		}
		unread = append(unread, t)
		if piece += t.Bytes; piece > pieceBytes || len(unread) == scanPage {
			if err := read(); err != nil {
				return err
			}
		}
	}
	return read()
}

// readNeeds adds the words of trades.
func (m *Market) readNeeds(ctx context.Context, trades []*demand.Trade, words map[string][]string) error {
	if len(trades) == 0 {
		return nil
	}
	ids := make([]TaskID, len(trades))
	for i, t := range trades {
		ids[i] = TaskID(t.ID)
	}
	stored, err := m.store.Tasks(ctx, ids)
	for _, st := range stored {
		found := wordsOf(st.Text.Need, st.Task.Tags)
		for i, w := range found {
			found[i] = strings.Clone(w)
		}
		words[string(st.Task.ID)] = found
	}
	return err
}
