package storetest

import (
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// Tasks by id and by party.
var taskCases = []testCase{
	{"Tasks come in the order of ids, unknown ones left out", func(w *world) {
		w.people()
		for i := range 4 {
			w.post(taskNo(i), ann)
		}
		got, err := w.store.Tasks(w.ctx, []store.TaskID{taskNo(2), nothing, taskNo(0), taskNo(3)})
		w.ok(err)
		w.equal(ids(got), []store.TaskID{taskNo(2), taskNo(0), taskNo(3)})
		w.equal(got[1].Text, textOf(taskNo(0)))
	}},
	{"A thousand tasks at once", func(w *world) {
		w.people()
		var want []store.TaskID
		for part := range 10 {
			c := &store.Change{}
			for i := range 100 {
				t := w.open(taskNo(part*100+i), ann)
				c.Tasks = append(c.Tasks, store.TaskWrite{New: t, Text: textOf(t.ID)})
				want = append(want, t.ID)
			}
			w.commit(c)
		}
		slices.Reverse(want)
		got, err := w.store.Tasks(w.ctx, want)
		w.ok(err)
		w.equal(ids(got), want)
	}},
	{"Infra agents come with a task", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.commit(&store.Change{Roles: []store.RoleWrite{
			{Task: taskNo(1), Agent: bob, Role: store.RoleInfra}, {Task: taskNo(1), Agent: cyd, Role: store.RoleWorker},
		}})
		got, err := w.store.Tasks(w.ctx, []store.TaskID{taskNo(1)})
		w.ok(err)
		w.equal(got[0].Infra, []store.AgentID{bob})
	}},
	{"TasksOf selects by role and status", func(w *world) {
		w.people()
		byStatus := w.oneOfEach()
		for _, status := range store.Statuses() {
			w.equal(w.tasksOf(ann, store.PartyPoster, status), byStatus[status])
			worked := byStatus[status]
			if status == store.StatusPosted || status == store.StatusExpired || status == store.StatusCancelled {
				worked = nil
			}
			w.equal(w.tasksOf(bob, store.PartyWorker, status), worked)
			w.equal(w.tasksOf(bob, store.PartyPoster, status), []store.TaskID(nil))
			w.equal(w.tasksOf(bob, store.PartyAny, status), worked)
		}
		w.equal(len(w.tasksOf(ann, store.PartyAny, "")), 12)
		w.equal(len(w.tasksOf(bob, store.PartyAny, "")), 6)
		w.equal(len(w.tasksOf(cyd, store.PartyAny, "")), 0)
	}},
	{"TasksOf pages, highest Seq first, with the total", func(w *world) {
		w.people()
		var want []store.TaskID
		for i := range 30 {
			t := w.open(taskNo((i*7)%30), ann)
			if i%3 == 0 {
				t.Poster = bob
				w.claimedBy(ann)(t)
			}
			w.put(t)
			want = append(want, t.ID)
		}
		slices.Reverse(want)
		w.pages(ann, store.PartyAny, "", want)
		var posted, claimed []store.TaskID
		for i, id := range want {
			if (29-i)%3 == 0 {
				claimed = append(claimed, id)
			} else {
				posted = append(posted, id)
			}
		}
		w.pages(ann, store.PartyPoster, "", posted)
		w.pages(ann, store.PartyWorker, "", claimed)
		w.pages(ann, store.PartyAny, store.StatusClaimed, claimed)
		w.pages(ann, store.PartyAny, store.StatusPosted, posted)
	}},
	{"TasksOf ends a page where its texts would be too long", func(w *world) {
		w.people()
		want := []store.TaskID{}
		for i := range 9 {
			want = append([]store.TaskID{w.post(taskNo(i), ann).ID}, want...)
		}
		t := w.put(delivered(w, taskNo(9)))
		w.commit(&store.Change{Results: []store.Result{{Task: t.ID, No: 1, Text: "a result"}}})
		text := textOf(t.ID)
		one := len(text.Need) + len(text.Context)
		for _, c := range []struct {
			agent  store.AgentID
			offset int
			most   int
			want   []store.TaskID
		}{
			{bob, 0, 1, []store.TaskID{t.ID}},
			{ann, 1, 1, want[:1]},
			{ann, 1, 2*one - 1, want[:1]},
			{ann, 1, 2 * one, want[:2]},
			{ann, 3, 5*one + 1, want[2:7]},
			{ann, 0, 2*one + 7, []store.TaskID{t.ID}}, // the result counts
			{ann, 0, 2*one + 8, []store.TaskID{t.ID, want[0]}},
			{ann, 1, 0, want},
			{ann, 1, 100 * one, want},
		} {
			page, err := w.store.TasksOf(w.ctx, store.TasksQuery{
				Agent: c.agent, Limit: 100, Offset: c.offset, MaxBytes: c.most, Now: w.now,
			})
			w.ok(err)
			w.equal(ids(page.Tasks), c.want)
			if c.agent == ann {
				w.equal(page.Total, 10)
			}
		}
	}},
	{"TasksOf follows a task through its life", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		t = w.rewrite(t, w.claimedBy(bob))
		w.equal(w.tasksOf(bob, store.PartyWorker, store.StatusClaimed), []store.TaskID{t.ID})
		w.equal(len(w.tasksOf(ann, store.PartyPoster, store.StatusPosted)), 0)
		t = w.rewrite(t, func(t *store.Task) { t.Status, t.Claim = store.StatusPosted, nil })
		w.equal(len(w.tasksOf(bob, store.PartyAny, "")), 0)
		w.equal(w.tasksOf(ann, store.PartyPoster, store.StatusPosted), []store.TaskID{t.ID})
		t = w.rewrite(t, w.claimedBy(cyd))
		w.equal(w.tasksOf(cyd, store.PartyAny, ""), []store.TaskID{t.ID})
		w.rewrite(t, ended(w.now))
		w.equal(w.tasksOf(cyd, store.PartyWorker, store.StatusCancelled), []store.TaskID{t.ID})
		w.equal(w.tasksOf(ann, store.PartyAny, ""), []store.TaskID{t.ID})
	}},
	{"TasksOf brings all texts", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(1)))
		w.commit(&store.Change{Results: []store.Result{{Task: t.ID, No: 1, Text: "done"}}})
		page, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: bob, Limit: 1, Now: w.now})
		w.ok(err)
		want := textOf(t.ID)
		want.Result = "done"
		w.equal(page.Tasks[0].Text, want)
		w.equal(page.Tasks[0].Task, t)
	}},
}

// oneOfEach puts two tasks of ann in every status, those that need one in the
// hands of bob, and returns them by status, newest first.
func (w *world) oneOfEach() map[store.Status][]store.TaskID {
	w.Helper()
	out := map[store.Status][]store.TaskID{}
	for i := range 12 {
		status := store.Statuses()[i%6]
		t := w.open(taskNo(i), ann)
		switch status {
		case store.StatusClaimed, store.StatusDelivered, store.StatusApproved:
			w.claimedBy(bob)(t)
		case store.StatusExpired, store.StatusCancelled:
			ended(w.now)(t)
		}
		t.Status = status
		w.put(t)
		out[status] = append([]store.TaskID{t.ID}, out[status]...)
	}
	return out
}

// tasksOf reads all of a list, and checks the total.
func (w *world) tasksOf(agent store.AgentID, role store.PartyRole, status store.Status) []store.TaskID {
	w.Helper()
	page, err := w.store.TasksOf(w.ctx, store.TasksQuery{
		Agent: agent, Role: role, Status: status, Limit: everything, Now: w.now,
	})
	w.ok(err)
	w.equal(page.Total, len(page.Tasks))
	return ids(page.Tasks)
}

// pages reads a list in pieces of several sizes.
func (w *world) pages(agent store.AgentID, role store.PartyRole, status store.Status, want []store.TaskID) {
	w.Helper()
	for _, limit := range []int{1, 7, 100} {
		for offset := 0; offset <= len(want)+1; offset += limit {
			page, err := w.store.TasksOf(w.ctx, store.TasksQuery{
				Agent: agent, Role: role, Status: status, Limit: limit, Offset: offset, Now: w.now,
			})
			w.ok(err)
			from := min(offset, len(want))
			w.equal(ids(page.Tasks), want[from:min(from+limit, len(want))])
			w.equal(page.Total, len(want))
		}
	}
}
