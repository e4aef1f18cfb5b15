package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Ledger pages through the entries of one agent; see store.Reader.
func (s *Store) Ledger(ctx context.Context, q store.PageQuery) (page store.LedgerPage, err error) {
	err = s.read(ctx, "reading a ledger", func(c *conn) error {
		page = store.LedgerPage{}
		a := account{}
		if _, err := c.one(selectAccount, a.read, string(q.Agent)); err != nil || !a.known {
			return err
		}
		if a.SystemPay, err = systemPay(c, q.Agent); err != nil {
			return err
		}
		page.Account, page.Total = &a.Account, int(a.LedgerSeq)
		err := collect(c, &page.Entries, readEntry, "select "+entryColumns+` from pinchwork_entry
			where agent = ? and seq <= ? order by seq desc limit ?`, string(q.Agent), a.LedgerSeq-int64(max(q.Offset, 0)), max(q.Limit, 0))
		if err == nil {
			page.Due, err = dueOf(c, q.Agent, q.Now)
		}
		return err
	})
	return page, err
}

// Stats returns an agent's account and statistics; see store.Reader.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (out store.StatsRow, err error) {
	err = s.read(ctx, "reading statistics", func(c *conn) (err error) {
		out = store.StatsRow{EarnedAt: make([]int64, len(q.Since))}
		if out.Agent, err = agentByID(c, q.Agent); err != nil || out.Agent == nil {
			return err
		}
		err = collect(c, &out.Tags, readTag, "select tag, count, earned, rating_sum, rating_count from pinchwork_tag_stat where agent = ?",
			string(q.Agent))
		if err != nil {
			return err
		}
		for i, since := range q.Since {
			if out.EarnedAt[i], err = earnedAt(c, q.Agent, since); err != nil {
				return err
			}
		}
		out.Due, err = dueOf(c, q.Agent, q.Now)
		return err
	})
	return out, err
}

func earnedAt(c *conn, id store.AgentID, since time.Time) (int64, error) {
	return c.number("select earned from pinchwork_earned where agent = ? and at <= ? order by at desc limit 1", string(id), since)
}

func readTag(r row) (store.TagStat, error) {
	return store.TagStat{
		Tag: r.ColumnText(0), Count: r.ColumnInt64(1), Earned: r.ColumnInt64(2),
		RatingSum: r.ColumnInt64(3), RatingCount: r.ColumnInt64(4),
	}, nil
}

// Entries pages through the whole ledger in the order of commits; see store.Keeper.
func (s *Store) Entries(ctx context.Context, task store.TaskID, after string, limit int) (entries []store.Entry, next string, err error) {
	var from int64
	if after != "" {
		if from, err = strconv.ParseInt(after, 10, 64); err != nil || from < 0 {
			return nil, "", fmt.Errorf("sqlite: %q is no cursor of this store", after)
		}
	}
	err = s.read(ctx, "reading entries", func(c *conn) error {
		entries, next = nil, ""
		if task != "" {
			return collect(c, &entries, readEntry, "select "+entryColumns+" from pinchwork_entry where task = ? order by n", string(task))
		}
		last := from
		err := collect(c, &entries, func(r row) (store.Entry, error) {
			last = r.ColumnInt64(14)
			return readEntry(r)
		}, "select "+entryColumns+", n from pinchwork_entry where n > ? order by n limit ?", from, max(limit, 0))
		if len(entries) == limit {
			next = strconv.FormatInt(last, 10)
		}
		return err
	})
	return entries, next, err
}
