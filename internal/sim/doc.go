// Package sim runs whole marketplaces in bubbles of their own time and judges every
// answer that they give.
//
// A world is one to three replicas on one memory store, with a handful of agents and
// an operator. Every call of the store stops at a gate, before it takes effect and
// again before its answer is told. A scheduler with one seed decides which call goes
// on, which fails and how, which operation starts, which replica dies, and when time
// passes. Nothing else in the world moves meanwhile, so the same seed is the same run.
//
//   - gate.go stops the calls; world.go has the replicas, agents and operations on
//     their way; op.go is what can be asked of the market.
//   - scheduler.go tells a story step by step; random.go makes stories up.
//   - history.go keeps what was committed, as a moment after each commit; model.go
//     is the marketplace in plain words; judge.go compares each answer with the model,
//     books.go each commit.
//   - every.go takes two or three operations through every order in which their calls
//     can go on, in each state of a task.
//   - shrink.go makes a story that breaks a promise as short as it can.
//
// Below testdata/mutants are bugs that were there once. make mutants puts them back
// one by one: the tests have to find each.
//
// # How to read a failure
//
// The first line is the promise that was broken and how; then come the seed and the
// shrunk story, a line for each step:
//
//	#10 eve at B: claim T1 (key k8)      an operation starts: its number, who, at which replica, what
//	   #10: Load goes on                 its call of the store takes effect
//	      #10 commits T1 posted → claimed
//	   #10: Commit is told               the answer of the store reaches it
//	      #10 answers ok, claimed        what its caller is told
//	   ! answers tell what was done: …   the judge objects
//
// T1 is the task that operation 1 posted, T1.1 the second that it posted: the match
// task about T1, for example. Of a pickup, T10 is what it claimed. To run one seed
// again:
//
//	PINCHWORK_SIM_SEED=42 PINCHWORK_SIM_SEEDS=1 go test ./internal/sim -run TestRandom
//
// A replica's background (market.Run) waits for several things at once and takes any
// of those that come together. Its runs may therefore differ a little from time to
// time; all others are the same every time.
package sim
