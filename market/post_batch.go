package market

import (
	"context"
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// PostBatch delegates 1–100 tasks in one commit (rule 4.29): all of them, or none when
// one is refused; with in.Each those that can be posted, of which a refused one stops
// no other. Each is posted as Post would after those before it. An idempotency key is
// the whole batch's. A task whose external id the poster has used, for another task of
// the batch too, is that one again and costs nothing.
//
// Errors: those of Post, whose Field and Index name the task that they are about.
func (h *Handle) PostBatch(ctx context.Context, in PostBatchInput) (PostedBatch, error) {
	b := &batch{Handle: h, each: in.Each}
	if err := b.check(in.Tasks); err != nil {
		return PostedBatch{}, h.m.refused(ctx, "post batch", err)
	}
	if err := b.plan(ctx); err != nil {
		return PostedBatch{}, h.m.refused(ctx, "post batch", err)
	}
	d, err := b.post(ctx, in)
	if err != nil {
		return PostedBatch{}, err
	}
	if d.replay != nil {
		if err := b.recall(ctx, d.replay); err != nil {
			return PostedBatch{}, err
		}
	}
	for i := range b.items {
		if item := &b.items[i]; item.Err == nil && !item.Existing {
			item.Need = in.Tasks[i].Need
		}
	}
	return PostedBatch{Tasks: b.items, Total: len(b.items)}, nil
}

// batch is one call of PostBatch.
type batch struct {
	*Handle
	each   bool
	drafts []draft
	// refused are the refusals that follow from the input, by element.
	refused []error
	// existing are the poster's tasks under names of the batch, as they are now.
	existing map[string]taken
	// beyond is the draft about which the platform pays for no match task.
	beyond int
	// items is the answer by the last decision.
	items []PostedItem
}

// taken is what a name stands for: the task, and what was asked for under it.
type taken struct {
	Posted
	request [32]byte
}

func (b *batch) check(tasks []PostInput) error {
	if len(tasks) == 0 || len(tasks) > limits.PostBatch {
		return rules.Invalid("tasks", "must be a list of 1 to %d tasks", limits.PostBatch)
	}
	bytes := 0
	for i := range tasks {
		bytes += len(tasks[i].Need) + len(tasks[i].Context)
	}
	if bytes > limits.BatchBytes {
		return rules.Invalid("tasks", "needs and contexts together must be at most %d bytes", limits.BatchBytes)
	}
	b.drafts, b.refused = make([]draft, len(tasks)), make([]error, len(tasks))
	for i, in := range tasks {
		var err error
		b.drafts[i].in, err = checkPost(in)
		if err == nil && in.Wait != 0 {
			err = rules.Invalid("wait", "a batch does not wait")
		}
		if err == nil {
			b.drafts[i].request, err = digest(b.drafts[i].in)
		}
		if err := b.refuse(i, err); err != nil {
			return err
		}
	}
	return nil
}

// refuse notes the refusal of an element, or returns what ends the whole batch.
func (b *batch) refuse(i int, err error) error {
	err = rules.InElement("tasks", i, err)
	if !b.goesOn(err) {
		return err
	}
	b.refused[i] = err
	return nil
}

// goesOn reports whether the others may be posted without an element that is refused
// so.
func (b *batch) goesOn(err error) bool {
	refusal, is := errors.AsType[*Error](err)
	return err == nil || b.each && is && !errors.Is(refusal, ErrUnavailable)
}

// plan finds out how each task will be matched.
func (b *batch) plan(ctx context.Context) error {
	for i := range b.drafts {
		d := &b.drafts[i]
		id, err := b.m.ids.next("tk-")
		if err != nil {
			return unavailable(err)
		}
		if d.id = TaskID(id); b.refused[i] != nil {
			continue
		}
		d.how, err = b.m.plan(ctx, d.id, b.id, d.in)
		if err := b.refuse(i, err); err != nil {
			return err
		}
	}
	return nil
}

// post commits the batch. What is beyond the budget of system pay, and all after it,
// is matched without infra agents.
func (b *batch) post(ctx context.Context, in PostBatchInput) (d done, err error) {
	op := operation{
		name: "post batch", input: in, load: store.LoadQuery{Caller: b.id, Records: b.names()},
		learn: b.read, decide: b.decide,
		outcome: func(*store.Loaded, *rules.Outcome) any { return b.items },
	}
	for {
		d, err = b.m.operate(ctx, op)
		if !errors.Is(err, rules.ErrOverBudget) {
			return d, err
		}
		for i := range b.drafts[b.beyond:] {
			if what := &b.drafts[b.beyond+i]; what.how.Infra != nil {
				what.how = b.m.planBuiltIn(ctx, b.id, what.in)
			}
		}
	}
}

// names are the records of the external ids in the batch.
func (b *batch) names() (ids []store.IdempotencyID) {
	for i := range b.drafts {
		if name := b.drafts[i].in.ExternalID; name != "" && b.refused[i] == nil {
			ids = append(ids, nameOf(b.id, name))
		}
	}
	return ids
}

// read reads the tasks that the poster has under names of the batch already.
func (b *batch) read(ctx context.Context, l *store.Loaded) error {
	b.existing = make(map[string]taken, len(l.Records))
	ids := make([]TaskID, 0, len(l.Records))
	for _, r := range l.Records {
		posted, err := recall[Posted](r.Outcome)
		if err != nil {
			return err
		}
		posted.Existing = true
		b.existing[r.Key] = taken{posted, r.Request}
		ids = append(ids, posted.TaskID)
	}
	return b.asTheyAre(ctx, ids, func(t *store.Task, view Task) {
		posted := b.existing[t.ExternalID]
		posted.Status, posted.Need, posted.Deadline, posted.ExpiresAt = view.Status, view.Need, view.Deadline, view.ExpiresAt
		b.existing[t.ExternalID] = posted
	})
}

// asTheyAre shows those of the poster's tasks that are still kept.
func (b *batch) asTheyAre(ctx context.Context, ids []TaskID, show func(*store.Task, Task)) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := b.m.store.Tasks(ctx, ids)
	if err != nil {
		return known(ctx, err)
	}
	for _, st := range found {
		show(st.Task, b.m.taskView(st.Task, st.Text, nil))
	}
	return nil
}

// decide may run several times. Each time it answers anew.
func (b *batch) decide(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
	all := b.m.rules.PostBatch(now, l.Caller)
	b.items = make([]PostedItem, len(b.drafts))
	named := make(map[string]taken)
	for i := range b.drafts {
		posted, err := b.one(all, i, named)
		if errors.Is(err, rules.ErrOverBudget) {
			b.beyond = i
			return nil, err
		}
		if !b.goesOn(err) {
			return nil, err
		}
		b.items[i] = PostedItem{posted, err}
	}
	return all.Outcome, nil
}

// one adds an element to the batch, unless it is refused or has the name of a task that
// there is.
func (b *batch) one(all *rules.Batch, i int, named map[string]taken) (posted Posted, err error) {
	d := &b.drafts[i]
	name := d.in.ExternalID
	if b.refused[i] != nil {
		return posted, b.refused[i]
	}
	for _, known := range []map[string]taken{b.existing, named} {
		switch first, is := known[name]; {
		case !is || name == "":
		case first.request != d.request:
			return posted, rules.InElement("tasks", i, externalIDUsed())
		default:
			return first.Posted, nil
		}
	}
	t := b.m.newTask(d, b.id, all.At)
	if err := all.Post(t, d.text(), d.how); err != nil {
		return posted, rules.InElement("tasks", i, err)
	}
	posted = postedView(t, all.Balance())
	if name == "" {
		return posted, nil
	}
	record, err := newRecord(nameOf(b.id, name), d.request, posted, all.At)
	all.Records = append(all.Records, record)
	again := posted
	again.Existing, again.Need = true, d.in.Need
	named[name] = taken{again, d.request}
	return posted, err
}

// recall answers as the first call under the key was answered. The record has no texts.
func (b *batch) recall(ctx context.Context, record []byte) (err error) {
	if b.items, err = recall[[]PostedItem](record); err != nil {
		return err
	}
	var ids []TaskID
	needs := map[TaskID]string{}
	for i := range b.items {
		if b.items[i].Existing {
			ids = append(ids, b.items[i].TaskID)
		}
	}
	err = b.asTheyAre(ctx, ids, func(t *store.Task, view Task) { needs[t.ID] = view.Need })
	for i := range b.items {
		b.items[i].Need = needs[b.items[i].TaskID]
	}
	return err
}
