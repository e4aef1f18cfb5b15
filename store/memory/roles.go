package memory

import "github.com/pinchwork/pinchwork/store"

// roleIndex has the tasks of one agent in one role, by Seq: all of them, and
// those in each status.
type roleIndex struct {
	all      index
	byStatus [6]index
}

// in returns the tasks in a status, or all for "". Nil for no such status.
func (x *roleIndex) in(status store.Status) *index {
	if x == nil {
		return nil
	}
	switch status {
	case "":
		return &x.all
	case store.StatusPosted:
		return &x.byStatus[0]
	case store.StatusClaimed:
		return &x.byStatus[1]
	case store.StatusDelivered:
		return &x.byStatus[2]
	case store.StatusApproved:
		return &x.byStatus[3]
	case store.StatusExpired:
		return &x.byStatus[4]
	case store.StatusCancelled:
		return &x.byStatus[5]
	}
	return nil
}

func (x *roleIndex) add(status store.Status, r *record) {
	x.all.add(r.seq, r)
	if in := x.in(status); in != nil {
		in.add(r.seq, r)
	}
}

func (x *roleIndex) remove(status store.Status, r *record) {
	x.all.remove(r.seq, r)
	if in := x.in(status); in != nil {
		in.remove(r.seq, r)
	}
}

func (x *roleIndex) move(r *record, from, to store.Status) {
	if in := x.in(from); in != nil {
		in.remove(r.seq, r)
	}
	if in := x.in(to); in != nil {
		in.add(r.seq, r)
	}
}

// placeRoles keeps the lists of the poster and of the worker.
func (s *Store) placeRoles(r *record, old, next *store.Task) {
	s.placeRole(r, old, next, posterOf, func(p *party) **roleIndex { return &p.posted })
	s.placeRole(r, old, next, workerOf, func(p *party) **roleIndex { return &p.worked })
}

func posterOf(t *store.Task) store.AgentID { return t.Poster }

func workerOf(t *store.Task) store.AgentID { return t.Worker() }

func (s *Store) placeRole(
	r *record, old, next *store.Task,
	who func(*store.Task) store.AgentID, role func(*party) **roleIndex,
) {
	var was, is store.AgentID
	if old != nil {
		was = who(old)
	}
	if next != nil {
		is = who(next)
	}
	switch {
	case was == is && was != "":
		if old.Status != next.Status {
			(*role(s.party(was))).move(r, old.Status, next.Status)
		}
		return
	case was != "":
		(*role(s.party(was))).remove(old.Status, r)
	}
	if is != "" {
		list := role(s.party(is))
		if *list == nil {
			*list = new(roleIndex)
		}
		(*list).add(next.Status, r)
	}
}

// union is two sets of tasks seen as one, highest Seq first. No task is in
// both, since no agent works on its own task.
type union struct{ a, b *index }

func (u union) len() int { return size(u.a) + size(u.b) }

func size(x *index) int {
	if x == nil {
		return 0
	}
	return x.len()
}

// page returns at most limit tasks after the first offset.
func (u union) page(offset, limit int) []*record {
	offset = max(offset, 0)
	n := min(limit, u.len()-offset)
	if n <= 0 {
		return nil
	}
	out := make([]*record, 0, n)
	i := u.split(offset)
	for j := offset - i; len(out) < n; {
		if u.fromA(i, j) {
			out = append(out, u.a.fromTop(i))
			i++
		} else {
			out = append(out, u.b.fromTop(j))
			j++
		}
	}
	return out
}

// fromA reports whether a's i-th task comes before b's j-th.
func (u union) fromA(i, j int) bool {
	switch {
	case i >= size(u.a):
		return false
	case j >= size(u.b):
		return true
	}
	return u.a.fromTop(i).seq > u.b.fromTop(j).seq
}

// split returns how many of the first n tasks are from a, by bisection.
func (u union) split(n int) int {
	low, high := max(0, n-size(u.b)), min(n, size(u.a))
	for low < high {
		mid := (low + high) / 2
		if u.fromA(mid, n-mid-1) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// tasksOf returns the tasks of an agent in a role and a status.
func (p *party) tasksOf(role store.PartyRole, status store.Status) union {
	switch role {
	case store.PartyPoster:
		return union{a: p.posted.in(status)}
	case store.PartyWorker:
		return union{a: p.worked.in(status)}
	default:
		return union{a: p.posted.in(status), b: p.worked.in(status)}
	}
}
