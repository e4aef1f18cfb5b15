package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// ownPiece is how many tasks one read takes that looks for metadata, ownPieces how
// many reads one answer makes: no store has an index of what posters write there.
const (
	ownPiece  = 100
	ownPieces = 10
)

// ownPage is a page of an agent's tasks. places are the offsets of its tasks among
// all that role and status select; one more says where the page ended, and early
// whether that is not simply the page's length.
type ownPage struct {
	store.TasksPage
	places []int
	early  bool
}

func (h *Handle) ownTasks(ctx context.Context, q MineQuery, now time.Time) (page ownPage, err error) {
	from := store.TasksQuery{
		Agent: h.id, Role: q.Role, Status: q.Status, Limit: q.Limit, Offset: q.Offset, MaxBytes: maxPageBytes, Now: now,
	}
	if len(q.Metadata) > 0 {
		return h.labelled(ctx, from, q.Metadata)
	}
	page.TasksPage, err = h.m.store.TasksOf(ctx, from)
	for i := range len(page.Tasks) + 1 {
		page.places = append(page.places, q.Offset+i)
	}
	page.early = len(page.Tasks) < q.Limit
	return page, err
}

// labelled looks for tasks with all of the metadata, from the offset on until the
// page is full or enough was looked through. The first piece says what is due.
func (h *Handle) labelled(ctx context.Context, q store.TasksQuery, want map[string]string) (page ownPage, err error) {
	page.early = true
	limit, bytes := q.Limit, 0
	q.Limit = ownPiece
	for range ownPieces {
		piece, err := h.m.store.TasksOf(ctx, q)
		if err != nil {
			return page, err
		}
		page.Total = piece.Total
		page.Due = append(page.Due, piece.Due...)
		for _, st := range piece.Tasks {
			if len(page.Tasks) == limit || bytes > maxPageBytes {
				page.places = append(page.places, q.Offset)
				return page, nil
			}
			if hasAll(st.Task.Metadata, want) {
				page.Tasks, page.places = append(page.Tasks, st), append(page.places, q.Offset)
				bytes += len(st.Text.Need) + len(st.Text.Context) + len(st.Text.Result)
			}
			q.Offset++
		}
		if len(piece.Tasks) == 0 || q.Offset >= piece.Total {
			break
		}
	}
	page.places = append(page.places, q.Offset)
	return page, nil
}

func hasAll(have, want map[string]string) bool {
	for key, value := range want {
		if got, there := have[key]; !there || got != value {
			return false
		}
	}
	return true
}
