package redis

import (
	"context"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// Feed implements store.FeedReader. A position is the number of an element of
// the stream and the instant of its commit: if a crash of the server has lost
// elements and their numbers were assigned again, the instant does not match,
// and the reader starts over.
func (s *Store) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	element, instant, _ := strings.Cut(string(after), "@")
	reply, err := s.run(ctx, feedScript, []string{s.keys.counters(), s.keys.feed()}, element, instant, limit)
	if err != nil {
		return store.FeedPage{}, err
	}
	if len(list(reply)) == 0 {
		return store.FeedPage{}, store.ErrFeedTruncated
	}
	last, head := number(at(reply, 1)), number(at(reply, 3))
	page := store.FeedPage{
		Next: store.Position(decimal(last) + "@" + text(at(reply, 2))), More: after != "" && last < head,
	}
	for _, doc := range list(at(reply, 0)) {
		if page.Items, err = unpackFeed(page.Items, text(doc)); err != nil {
			return store.FeedPage{}, err
		}
	}
	return page, nil
}
