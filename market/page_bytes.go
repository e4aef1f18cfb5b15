package market

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// maxPageBytes bounds the texts of a page, in bytes of JSON. A page has at
// least one item, whatever its size; if it ends early, it says where the next
// one begins.
const maxPageBytes = 4 << 20

// talkPiece and offerPiece are how many items one read takes, so that little
// more is read than the page has room for.
const (
	talkPiece  = 200
	offerPiece = 20
)

// textSize is the length of texts as JSON writes them, without quotes.
func textSize(texts ...string) (n int) {
	for _, text := range texts {
		n += len(text)
		for i := range len(text) {
			switch c := text[i]; {
			case c >= ' ' && c != '"' && c != '\\':
			case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
				n++
			default:
				n += len(`\u0000`) - 1
			}
		}
	}
	return n
}

// fitting counts how many of n items a page has room for.
func fitting(n int, size func(i int) int) int {
	for i, sum := 0, 0; i < n; i++ {
		if sum += size(i); sum > maxPageBytes && i > 0 {
			return i
		}
	}
	return n
}

// inPieces reads a page of talk, a piece at a time until the page is full; total
// is how many items there are. read appends a piece and returns the sizes of its
// items, keep cuts the page down to its first n items. next is 0 unless the page
// was cut.
func (p Page) inPieces(total int, read func(store.TalkQuery) ([]int, error), keep func(n int)) (next int, err error) {
	var sizes []int
	for len(sizes) < p.Limit {
		piece, err := read(store.TalkQuery{Limit: min(talkPiece, p.Limit-len(sizes)), Offset: p.Offset + len(sizes)})
		if err != nil {
			return 0, err
		}
		sizes = append(sizes, piece...)
		if n := fitting(len(sizes), func(i int) int { return sizes[i] }); n < len(sizes) {
			keep(n)
			return p.Offset + n, nil
		}
		if len(piece) < talkPiece || p.Offset+len(sizes) >= total {
			break
		}
	}
	return 0, nil
}

// eachPage reads all tasks that q selects, a page at a time.
func (m *Market) eachPage(ctx context.Context, q store.TasksQuery, each func([]store.StoredTask)) error {
	for q.Limit, q.MaxBytes = 100, maxPageBytes; ; {
		page, err := m.store.TasksOf(ctx, q)
		if err != nil {
			return err
		}
		each(page.Tasks)
		if q.Offset += len(page.Tasks); len(page.Tasks) == 0 || q.Offset >= page.Total {
			return nil
		}
	}
}
