package storetest

import "github.com/pinchwork/pinchwork/store"

// Agents by id, by key, and all of them.
var agentCases = []testCase{
	{"Agents come in the order of ids, unknown ones left out", func(w *world) {
		w.people()
		got, err := w.store.Agents(w.ctx, []store.AgentID{cyd, nobody, ann, store.Platform})
		w.ok(err)
		w.equal(got, []*store.Agent{w.agent(cyd), w.agent(ann)})
	}},
	{"ScanAgents pages in ascending id", func(w *world) {
		// Ids are compared byte by byte, as Go compares strings.
		ids := []store.AgentID{"ag-0", "ag-9", "ag-A", "ag-Z", "ag-a", "ag-b0", "ag-bA", "ag-z"}
		for _, i := range []int{3, 1, 7, 0, 6, 2, 5, 4} {
			w.register(ids[i])
		}
		var got []store.AgentID
		for after := store.AgentID(""); ; {
			page, err := w.store.ScanAgents(w.ctx, after, 3)
			w.ok(err)
			if len(page) > 3 {
				w.Fatalf("got %d agents, asked for 3", len(page))
			}
			if len(page) == 0 {
				break
			}
			for _, a := range page {
				w.equal(a, w.agent(a.ID))
				got = append(got, a.ID)
			}
			after = got[len(got)-1]
		}
		w.equal(got, ids)
	}},
	{"ScanAgents goes on after an id that is not there", func(w *world) {
		w.register("ag-a")
		w.register("ag-c")
		page, err := w.store.ScanAgents(w.ctx, "ag-b", 9)
		w.ok(err)
		w.equal(page, []*store.Agent{w.agent("ag-c")})
	}},
	{"What was read does not change any more", func(w *world) {
		w.people()
		before := w.agent(ann)
		kept := *before
		w.commit(wholeChange(w))
		w.change(ann, func(p *store.Profile) { p.Name = "new" })
		w.equal(before, &kept)
		task := w.task(taskNo(1))
		keptTask := *task
		w.rewrite(task, w.claimedBy(bob))
		w.equal(task, &keptTask)
	}},
}
