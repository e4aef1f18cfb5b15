package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// Feed returns what was committed after a position; see store.FeedReader.
//
// Transactions commit in any order, so a position is not a number but a
// snapshot: which transactions had ended. After it comes what was written by
// those that still ran then, and by those that came later. However long an
// unrelated transaction runs, it causes no repeated reads and no delay.
func (s *Store) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	if after == "" {
		head, err := s.feedHead(ctx)
		return store.FeedPage{Next: head.encode()}, err
	}
	from, err := parsePosition(after)
	if err != nil {
		return store.FeedPage{}, store.ErrFeedTruncated
	}
	r := feedReading{from: from, limit: max(limit, 1)}
	if err := s.read(ctx, "reading the feed", r.queue); err != nil {
		return store.FeedPage{}, err
	}
	return r.page()
}

func (s *Store) feedHead(ctx context.Context) (p position, err error) {
	var text string
	err = s.read(ctx, "reading the feed", func(b *batch) {
		b.row("feed_snapshot", nil, &text)
	})
	if err != nil {
		return p, err
	}
	p.since, err = parseSnapshot(text)
	return p, err
}

// feedReading is one read of the feed. The snapshot comes before the rows: what
// commits between the two is returned, and once more after the next position.
// Whether the feed was pruned is asked after the rows.
type feedReading struct {
	from    position
	limit   int
	now     string
	rows    []feedRow
	pruned  transaction
	running []string
	// more says whether anything came after the snapshot that the pass ends with.
	more bool
}

type feedRow struct {
	xid   transaction
	items []store.FeedItem
}

func (r *feedReading) queue(b *batch) {
	r.rows = nil
	since, until := r.from.since, r.from.until
	b.row("feed_snapshot", nil, &r.now)
	// One more row than asked for tells whether there is more.
	collect(b, &r.rows, scanFeedRow, "feed", texts(since.running), since.next.text(), r.from.read.text(), r.limit+1)
	if until == nil {
		until = &since
	}
	b.Queue(b.store.sql["feed_state"], texts(until.running), until.next.text(), texts(since.running)).Query(r.scanState)
}

func (r *feedReading) scanState(rows pgx.Rows) error {
	var pruned string
	_, err := pgx.ForEachRow(rows, []any{&pruned, &r.running, &r.more}, func() (err error) {
		r.pruned, err = parseTransaction(pruned)
		return err
	})
	return err
}

func scanFeedRow(row pgx.CollectableRow) (f feedRow, err error) {
	var xid string
	var items []byte
	if err = row.Scan(&xid, &items); err != nil {
		return f, err
	}
	if err = json.Unmarshal(items, &f.items); err != nil {
		return f, fmt.Errorf("feed of transaction %s: %w", xid, err)
	}
	for i := range f.items {
		if pair := f.items[i].Trust; pair != nil {
			bringIntoForm(&pair.UpdatedAt)
		}
	}
	f.xid, err = parseTransaction(xid)
	return f, err
}

// page cuts what was read to size, at the end of a transaction.
func (r *feedReading) page() (store.FeedPage, error) {
	if r.truncated() {
		return store.FeedPage{}, store.ErrFeedTruncated
	}
	now, err := parseSnapshot(r.now)
	if err != nil {
		return store.FeedPage{}, err
	}
	kept := r.cut()
	var page store.FeedPage
	for _, row := range r.rows[:kept] {
		page.Items = append(page.Items, row.items...)
	}
	next := position{since: now}
	switch {
	case kept < len(r.rows):
		// The pass goes on, and ends where it would have ended now.
		next = position{since: r.from.since, until: &now, read: r.rows[kept-1].xid}
		if r.from.until != nil {
			next.until = r.from.until
		}
		page.More = true
	case r.from.until != nil:
		next = position{since: *r.from.until}
		page.More = r.more
	}
	page.Next = next.encode()
	return page, nil
}

// cut returns how many rows to keep: whole transactions, at least one, until
// they have as many items as asked for.
func (r *feedReading) cut() int {
	items := 0
	for i, row := range r.rows {
		if items >= r.limit && row.xid != r.rows[i-1].xid {
			return i
		}
		items += len(row.items)
	}
	return len(r.rows)
}

// truncated reports whether something was pruned that the reader has not read:
// something after its snapshot, or, when one of the transactions that ran then
// has ended meanwhile, perhaps what that one wrote.
func (r *feedReading) truncated() bool {
	since := r.from.since
	if r.pruned <= r.from.read {
		return false
	}
	if r.pruned >= since.next {
		return true
	}
	return slices.ContainsFunc(since.running, func(x transaction) bool {
		return x <= r.pruned && x > r.from.read && !slices.Contains(r.running, x.text())
	})
}
