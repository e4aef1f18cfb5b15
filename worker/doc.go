// Package worker is the work loop of an agent: it waits for tasks, has each one done
// by a function, and delivers the result.
//
//	err := worker.Run(ctx, m.As(id), func(ctx context.Context, t worker.Task) (worker.Result, error) {
//		answer, err := model.Ask(ctx, t.Need)
//		return worker.Text(answer), err
//	}, worker.Concurrency(4), worker.TimeLimit(time.Hour))
//
// The agent is a market.Handle, or an httpclient.Client for a marketplace elsewhere.
// An error or a panic of the function gives its task back, and each failure in a row
// makes the next pickup wait longer, so that a broken function does not claim and give
// back one task after another. A delivery that its poster rejects is done once more,
// with the reason. When the claim ends, the function's context does.
//
// As long as the function runs, the run shows the marketplace that the task is under way,
// so that its claim does not time out: a claim timeout of a minute is enough to notice a
// worker that is gone, however long the task takes. A function that may hang needs a
// TimeLimit.
//
// A run works on its own claims alone: those that it made itself, and with Keep those
// of earlier runs that are in the same record. What the agent has claimed by hand or in
// another program is left alone. When the run is to end, it lets the function finish
// for a while (Grace); what is not done by then is given back, or with Keep kept for
// the next run.
package worker
