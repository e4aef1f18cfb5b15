package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pinchwork/pinchwork/store"
)

const (
	feedHead   = "select seq from sqlite_sequence where name = 'pinchwork_feed'"
	feedPruned = "select feed_pruned from pinchwork_total"
)

// Feed returns what was committed after a position; see store.FeedReader. Writers take
// turns, so a position is the number of the last row before it.
func (s *Store) Feed(ctx context.Context, after store.Position, limit int) (page store.FeedPage, err error) {
	err = s.read(ctx, "reading the feed", func(c *conn) error {
		head, err := c.number(feedHead)
		if err != nil {
			return err
		}
		if after == "" {
			page = store.FeedPage{Next: position(head)}
			return nil
		}
		from, err := strconv.ParseInt(string(after), 10, 64)
		if err != nil {
			return store.ErrFeedTruncated
		}
		pruned, err := c.number(feedPruned)
		switch {
		case err != nil:
			return err
		case from < pruned || from > head:
			return store.ErrFeedTruncated
		}
		page, err = feedPage(c, from, max(limit, 1))
		return err
	})
	if err != nil {
		return store.FeedPage{}, err
	}
	return page, nil
}

// feedPage reads whole rows until they have as many items as asked for.
func feedPage(c *conn, from int64, limit int) (store.FeedPage, error) {
	page := store.FeedPage{Next: position(from)}
	err := c.each("select n, items from pinchwork_feed where n > ? order by n limit ?", func(r row) error {
		if len(page.Items) >= limit {
			page.More = true
			return nil
		}
		n := r.ColumnInt64(0)
		var items []store.FeedItem
		if err := json.Unmarshal(r.ColumnRawText(1), &items); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		for i := range items {
			if pair := items[i].Trust; pair != nil {
				bringIntoForm(&pair.UpdatedAt)
			}
		}
		page.Items, page.Next = append(page.Items, items...), position(n)
		return nil
	}, from, limit+1)
	return page, err
}

func position(n int64) store.Position { return store.Position(strconv.FormatInt(n, 10)) }
