package market

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/store"
)

// ownPiece is how many tasks one read takes that looks for something, ownPieces how many
// reads one answer makes: stores have indexes by role, status and the order of posting.
const (
	ownPiece  = 100
	ownPieces = 10
)

// ownPage is a page of an agent's tasks. places are the offsets of its tasks in the list
// that Total counts; one more says where the page ended, and early whether that is not
// simply the page's length. more says that Total counts only what was looked through.
type ownPage struct {
	store.TasksPage
	places      []int
	early, more bool
}

// ownList reads a part of an agent's tasks in some order.
type ownList func(ctx context.Context, offset, limit int) (store.TasksPage, error)

func (h *Handle) ownTasks(ctx context.Context, q MineQuery, now time.Time) (page ownPage, err error) {
	from := h.newest(store.TasksQuery{Agent: h.id, Role: q.Role, Status: q.Status, MaxBytes: maxPageBytes, Now: now})
	look := ownLook{q: &q, terms: text.Terms(q.Search)}
	switch q.Order {
	case MineDeadline, MineCredits:
		return look.sorted(ctx, from)
	case MineOldest:
		from = oldest(from)
	}
	if len(q.Metadata) > 0 || len(q.Tags) > 0 || len(look.terms) > 0 {
		return look.through(ctx, from)
	}
	page.TasksPage, err = from(ctx, q.Offset, q.Limit)
	for i := range len(page.Tasks) + 1 {
		page.places = append(page.places, q.Offset+i)
	}
	page.early = len(page.Tasks) < q.Limit
	return page, err
}

func (h *Handle) newest(q store.TasksQuery) ownList {
	return func(ctx context.Context, offset, limit int) (store.TasksPage, error) {
		q.Offset, q.Limit = offset, limit
		return h.m.store.TasksOf(ctx, q)
	}
}

// oldest turns a list around. How long it is has to be known for that: if it grows
// meanwhile, the part is read again. A part whose texts are too long is halved, since it
// was cut where it should begin.
func oldest(newest ownList) ownList {
	length := -1
	return func(ctx context.Context, offset, limit int) (page store.TasksPage, err error) {
		for beaten := 0; ; {
			skip, n := 0, 1
			if length >= 0 {
				n = max(min(limit, length-offset), 0)
				skip = length - offset - n
			}
			if page, err = newest(ctx, max(skip, 0), max(n, 1)); err != nil {
				return page, err
			}
			switch {
			case page.Total != length && beaten < maxBeaten:
				length = page.Total
				beaten++
			case n == 0:
				page.Tasks = nil
				return page, nil
			case len(page.Tasks) < n && n > 1:
				limit = (n + 1) / 2
			default:
				page.Tasks = slices.Clone(page.Tasks)
				slices.Reverse(page.Tasks)
				return page, nil
			}
		}
	}
}

// ownLook is a look through an agent's tasks.
type ownLook struct {
	q     *MineQuery
	terms []string
	// bytes are those of the texts that were searched.
	bytes int
}

func (l *ownLook) finds(st *store.StoredTask) bool {
	if !hasAll(st.Task.Metadata, l.q.Metadata) || !hasTags(st.Task.Tags, l.q.Tags) {
		return false
	}
	if len(l.terms) > 0 {
		l.bytes += len(st.Text.Need) + len(st.Text.Context)
	}
	return contains(&st.Text, l.terms)
}

// through looks from the offset on until the page is full or enough was looked through. The
// first piece says what is due.
func (l *ownLook) through(ctx context.Context, from ownList) (page ownPage, err error) {
	page.early = true
	bytes, offset := 0, l.q.Offset
	for range ownPieces {
		piece, err := from(ctx, offset, ownPiece)
		if err != nil {
			return page, err
		}
		page.Total = piece.Total
		page.Due = append(page.Due, piece.Due...)
		for i := range piece.Tasks {
			if len(page.Tasks) == l.q.Limit || bytes > maxPageBytes || l.bytes > maxLookedBytes {
				page.places = append(page.places, offset)
				return page, nil
			}
			if st := &piece.Tasks[i]; l.finds(st) {
				page.Tasks, page.places = append(page.Tasks, *st), append(page.places, offset)
				bytes += textBytes(&st.Text)
			}
			offset++
		}
		if len(piece.Tasks) == 0 || offset >= piece.Total {
			break
		}
	}
	page.places = append(page.places, offset)
	return page, nil
}

// sorted finds all that is among the newest tasks, and puts that in order.
func (l *ownLook) sorted(ctx context.Context, from ownList) (page ownPage, err error) {
	var found []store.StoredTask
	for looked, bytes := 0, 0; ; {
		piece, err := from(ctx, looked, ownPiece)
		if err != nil {
			return page, err
		}
		page.Due = append(page.Due, piece.Due...)
		for i := range piece.Tasks {
			st := &piece.Tasks[i]
			if bytes += textBytes(&st.Text); l.finds(st) {
				found = append(found, *st)
			}
		}
		looked += len(piece.Tasks)
		page.more = looked < piece.Total
		if len(piece.Tasks) == 0 || !page.more || looked >= ownPiece*ownPieces || bytes > maxPageBytes || l.bytes > maxLookedBytes {
			break
		}
	}
	slices.SortStableFunc(found, ownOrders[l.q.Order])
	page.Total = len(found)
	first := min(l.q.Offset, len(found))
	page.Tasks = found[first:min(first+l.q.Limit, len(found))]
	for i := range len(page.Tasks) + 1 {
		page.places = append(page.places, first+i)
	}
	return page, nil
}

// ownOrders are the orders of which no store has an index.
var ownOrders = map[MineOrder]func(a, b store.StoredTask) int{
	MineCredits: func(a, b store.StoredTask) int { return cmp.Compare(b.Task.MaxCredits, a.Task.MaxCredits) },
	MineDeadline: func(a, b store.StoredTask) int {
		at, bt := runsOut(a.Task), runsOut(b.Task)
		if at.IsZero() || bt.IsZero() {
			return bt.Compare(at) // what never ends by itself comes last
		}
		return at.Compare(bt)
	},
}

// runsOut is when the state of a task ends by itself, zero for never.
func runsOut(t *store.Task) time.Time {
	switch t.Status {
	case StatusPosted:
		if !t.Deadline.IsZero() && t.Deadline.Before(t.ExpiresAt) {
			return t.Deadline
		}
		return t.ExpiresAt
	case StatusClaimed:
		return claimDeadline(t).Time
	case StatusDelivered:
		return t.Delivery.ReviewUntil
	}
	return time.Time{}
}

func hasAll(have, want map[string]string) bool {
	for key, value := range want {
		if got, there := have[key]; !there || got != value {
			return false
		}
	}
	return true
}
