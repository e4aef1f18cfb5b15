package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// Ledger pages through the entries of one agent; see store.Reader. Entries are
// numbered without gaps, so a page is found by its numbers, however deep.
func (s *Store) Ledger(ctx context.Context, q store.PageQuery) (page store.LedgerPage, err error) {
	err = s.consistent(ctx, "reading a ledger", func(b *batch) {
		page = store.LedgerPage{}
		b.Queue(s.sql["agents"], []string{string(q.Agent)}).Query(func(rows pgx.Rows) error {
			return eachAgent(rows, func(a *store.Agent) { page.Account = &a.Account })
		})
		collect(b, &page.Entries, scanEntry, "ledger", string(q.Agent), q.Limit, max(q.Offset, 0))
		collect(b, &page.Due, scanID[store.TaskID], "due_of", string(q.Agent), q.Now)
	})
	if err != nil || page.Account == nil {
		return store.LedgerPage{}, err
	}
	page.Total = int(page.Account.LedgerSeq)
	return page, nil
}

// Stats returns an agent's account and statistics; see store.Reader.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (row store.StatsRow, err error) {
	err = s.read(ctx, "reading statistics", func(b *batch) {
		row = store.StatsRow{}
		b.Queue(s.sql["agents"], []string{string(q.Agent)}).Query(func(rows pgx.Rows) error {
			return eachAgent(rows, func(a *store.Agent) { row.Agent = a })
		})
		collect(b, &row.Tags, scanTag, "tag_stats", string(q.Agent))
		if len(q.Since) > 0 {
			collect(b, &row.EarnedAt, pgx.RowTo[int64], "earned_at", string(q.Agent), q.Since)
		}
		collect(b, &row.Due, scanID[store.TaskID], "due_of", string(q.Agent), q.Now)
	})
	return row, err
}

func scanTag(row pgx.CollectableRow) (t store.TagStat, err error) {
	err = row.Scan(&t.Tag, &t.Count, &t.Earned, &t.RatingSum, &t.RatingCount)
	return t, err
}

// Entries pages through the whole ledger; see store.Keeper. First come the
// entries of agents, by agent and number, then those that touch none.
func (s *Store) Entries(ctx context.Context, task store.TaskID, after string, limit int) (entries []store.Entry, next string, err error) {
	if task != "" {
		err = s.read(ctx, "reading entries", func(b *batch) {
			collect(b, &entries, scanEntry, "entries_of_task", string(task))
		})
		return entries, "", err
	}
	from, err := parseCursor(after)
	if err != nil {
		return nil, "", err
	}
	if !from.nobody {
		err = s.read(ctx, "reading entries", func(b *batch) {
			collect(b, &entries, scanEntry, "entries_of_agents", from.id, from.seq, limit)
		})
		if err != nil || len(entries) == limit {
			return entries, lastOf(entries).String(), err
		}
		from = cursor{nobody: true}
	}
	rest, err := s.entriesOfNobody(ctx, from.id, limit-len(entries))
	if entries = append(entries, rest...); err != nil || len(entries) < limit {
		return entries, "", err
	}
	if len(rest) == 0 {
		return entries, from.String(), nil
	}
	return entries, lastOf(rest).String(), nil
}

func (s *Store) entriesOfNobody(ctx context.Context, after string, limit int) (entries []store.Entry, err error) {
	err = s.read(ctx, "reading entries", func(b *batch) {
		collect(b, &entries, scanEntry, "entries_of_nobody", after, limit)
	})
	return entries, err
}

// cursor is the entry after which a page starts: an agent and a number, or the
// id of an entry that belongs to no agent.
type cursor struct {
	nobody bool
	id     string
	seq    int64
}

func lastOf(entries []store.Entry) cursor {
	if len(entries) == 0 {
		return cursor{}
	}
	e := entries[len(entries)-1]
	if e.Agent == "" {
		return cursor{nobody: true, id: string(e.ID)}
	}
	return cursor{id: string(e.Agent), seq: e.Seq}
}

func (c cursor) String() string {
	if c.nobody {
		return "n " + c.id
	}
	return "a " + strconv.FormatInt(c.seq, 10) + " " + c.id
}

func parseCursor(s string) (c cursor, err error) {
	if s == "" {
		return c, nil
	}
	if id, ok := strings.CutPrefix(s, "n "); ok {
		return cursor{nobody: true, id: id}, nil
	}
	rest, ok := strings.CutPrefix(s, "a ")
	number, id, cut := strings.Cut(rest, " ")
	c.id = id
	if c.seq, err = strconv.ParseInt(number, 10, 64); err != nil || !ok || !cut {
		return c, fmt.Errorf("postgres: %q is no cursor of this store", s)
	}
	return c, nil
}
