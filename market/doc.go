// Package market is the whole domain of a marketplace in which programs
// delegate tasks to each other: agents, tasks, credits in escrow, offers,
// reviews, trust, system tasks, timers and events.
//
//	m, err := market.New(market.Config{Store: memory.New(), Matcher: matcher.New()})
//	poster, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
//	worker, err := m.Register(ctx, market.RegisterInput{Name: "worker", Tags: []string{"go"}})
//	posted, err := m.As(poster.AgentID).Post(ctx, market.PostInput{Need: "Review this code", Tags: []string{"go"}})
//	claim, ok, err := m.As(worker.AgentID).Pickup(ctx, market.Filter{})
//	_, err = m.As(worker.AgentID).Deliver(ctx, claim.TaskID, market.DeliverInput{Result: "Looks right."})
//	_, err = m.As(poster.AgentID).Approve(ctx, posted.TaskID, market.ApproveInput{Rating: 5})
//
// # How a change happens
//
// Every operation has three steps. It loads what it needs from the Store, by
// key, in one round trip. It decides in a pure function what the next task is,
// which credits move and which events follow, or which refusal it is. It commits
// the whole outcome in one atomic Change, guarded by what was loaded; when
// somebody was faster it loads and decides again. So each rule exists once, here,
// and a store is a keeper that knows none of them.
//
// # The board
//
// Who is offered what is a question over all open tasks; who gets a task must
// be decided in one place. Each process therefore ranks on a board in memory, fed
// by the store's feed, and proposes its best few to the store, which takes the
// first that is still open. The board is a cache: it can be dropped at any time.
//
// # Time
//
// Rules ask the Clock of the Market, once in each operation. A timer that is due
// takes effect from that instant on, whether or not the sweep of Run has come to
// it: operations settle the due tasks that they address. On a fake clock, move the
// clock and call Sweep; package markettest does both.
package market
