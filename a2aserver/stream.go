package a2aserver

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2asrv"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// lastEvent is the id after which a client wants to hear on. The protocol's own ids of the
// lines of a stream say nothing, so what is not a number is none of ours.
func lastEvent(ctx context.Context) string {
	call, ok := a2asrv.CallContextFrom(ctx)
	if !ok {
		return ""
	}
	values, ok := call.ServiceParams().Get("last-event-id")
	if !ok || len(values) == 0 || number(values[0]) < 0 {
		return ""
	}
	return values[0]
}

func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return -1
	}
	return n
}

// follow tells how a task stands, and then of everything in its poster's log that is about
// it, until it is the poster's turn or the task has ended. The reading of the log begins
// before the task is read, so that nothing is lost between the two.
func follow(ctx context.Context, api market.AgentAPI, id market.TaskID, after string, yield func(a2a.Event, error) bool) {
	ctx, stop := context.WithCancel(ctx)
	f := &follower{api: api, id: id, stop: stop, yield: yield}
	defer f.watching.Wait()
	defer stop()
	if after != "" {
		head, err := headOf(ctx, api)
		if err != nil {
			f.fail(err)
			return
		}
		f.head = number(head)
	}
	for e, err := range api.Events(market.WithStart(ctx, func(at string) { f.begin(ctx, at) }), after) {
		switch {
		case f.over:
		case f.ended() != nil:
			f.say(f.standing(*f.ended()))
		case errors.Is(err, context.Canceled):
			// The client or the server is leaving; the stream can be resumed.
		case err != nil:
			f.fail(told(err))
		default:
			f.hear(ctx, e)
			f.last(e.ID)
			f.watchOffer(ctx)
			continue
		}
		return
	}
}

// headOf is the id of the last event so far.
func headOf(ctx context.Context, api market.AgentAPI) (head string, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	opened := false
	ctx = market.WithStart(ctx, func(after string) { head, opened = after, true; stop() })
	for _, err := range api.Events(ctx, "") {
		if !opened {
			return "", told(err)
		}
		break
	}
	return head, nil
}

// follower is one stream.
type follower struct {
	api   market.AgentAPI
	id    market.TaskID
	info  a2a.TaskInfo
	stop  context.CancelFunc
	yield func(a2a.Event, error) bool
	// over says that nothing more is told. turn says that it is the poster's turn, or that
	// the task has ended, once all up to head was told; now is the task as it was read
	// last, state what was told of it last.
	over, turn bool
	now        market.Task
	state      a2a.TaskState
	head       int64

	watching sync.WaitGroup
	unwatch  context.CancelFunc // nil when nobody watches
	mu       sync.Mutex
	final    *market.Task
}

func (f *follower) say(e a2a.Event) {
	if !f.over && !f.yield(e, nil) {
		f.close()
	}
}

func (f *follower) fail(err error) {
	if !f.over {
		f.close()
		f.yield(nil, err)
	}
}

func (f *follower) close() {
	f.over = true
	f.stop()
}

// begin tells how the task stands.
func (f *follower) begin(ctx context.Context, at string) {
	t, err := own(ctx, f.api, a2a.TaskID(f.id))
	if err != nil {
		f.fail(err)
		return
	}
	task, err := withHistory(ctx, f.api, t, nil)
	if err != nil {
		f.fail(err)
		return
	}
	f.info, f.state = info(t), task.Status.State
	task.Metadata[ours].(map[string]any)["event_id"] = at
	f.say(task)
	f.turns(t)
	if number(at) < f.head {
		f.state = a2a.TaskStateWorking // until what has happened since says more
	}
	f.last(at)
	f.watchOffer(ctx)
}

// watchOffer watches the task while it is on offer: its poster can cancel it then, and then
// alone.
func (f *follower) watchOffer(ctx context.Context) {
	onOffer := f.state == a2a.TaskStateSubmitted && !f.over
	switch {
	case onOffer && f.unwatch == nil:
		ctx, f.unwatch = context.WithCancel(ctx)
		f.watching.Go(func() { f.watch(ctx) })
	case !onOffer && f.unwatch != nil:
		f.unwatch()
		f.unwatch = nil
	}
}

// turns notes whose turn it is.
func (f *follower) turns(t market.Task) {
	f.now, f.turn = t, t.Status == market.StatusDelivered || ended(t.Status)
}

// last ends the stream when that was all.
func (f *follower) last(id string) {
	if !f.turn || number(id) < f.head {
		return
	}
	if f.state != stateOf(f.now.Status) {
		f.say(f.standing(f.now))
	}
	f.close()
}

func (f *follower) standing(t market.Task) a2a.Event {
	return &a2a.TaskStatusUpdateEvent{TaskID: f.info.TaskID, ContextID: f.info.ContextID, Status: status(t)}
}

// watch waits for an end that the poster itself has brought about, of which no event tells.
func (f *follower) watch(ctx context.Context) {
	for ctx.Err() == nil {
		t, err := f.api.Task(ctx, f.id, longestWait)
		switch {
		case err == nil && ended(t.Status):
			f.mu.Lock()
			f.final = &t
			f.mu.Unlock()
			f.stop()
			return
		case err == nil && t.Status == market.StatusDelivered:
			return // an event tells of it
		case err != nil && ctx.Err() == nil:
			pause(ctx, keepAlive) // too many wait already, or the store is away
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// ended is the task when it was found to have ended.
func (f *follower) ended() *market.Task {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.final
}

// hear tells what an event says of the task.
func (f *follower) hear(ctx context.Context, e market.StreamEvent) {
	if e.Task != f.id {
		return
	}
	switch e.Type {
	case store.EventTaskClaimed:
		f.tell(e, a2a.TaskStateWorking, nil)
	case store.EventTaskProgress:
		f.tell(e, a2a.TaskStateWorking, progress(market.Task{
			TaskID: f.id, Metadata: e.Data.Metadata, Progress: &market.Progress{Note: e.Data.Note, Percent: e.Data.Percent},
		}))
	case store.EventDeadlineExpired, store.EventRejectionGraceExpired:
		f.tell(e, a2a.TaskStateSubmitted, f.text(e, "The worker's time is over. The task is on offer again."))
	case store.EventTaskQuestion:
		f.tell(e, a2a.TaskStateSubmitted, f.asked(ctx, e))
	case store.EventTaskMessage:
		f.tell(e, f.state, f.sent(ctx, e))
	case store.EventTaskVerified:
		f.tell(e, f.state, f.text(e, verdict(e)))
	case store.EventTaskDelivered:
		f.reread(ctx, e, a2a.TaskStateInputRequired)
	case store.EventTaskApproved:
		f.reread(ctx, e, a2a.TaskStateCompleted)
	case store.EventTaskExpired:
		f.reread(ctx, e, a2a.TaskStateFailed)
	default: // it may have ended otherwise
		if t, err := own(ctx, f.api, a2a.TaskID(f.id)); err == nil && ended(t.Status) && e.ID != "" {
			f.turns(t)
		}
	}
}

func verdict(e market.StreamEvent) string {
	switch meets := e.Data.MeetsRequirements; {
	case meets == nil:
		return "A verifier has looked at the result and gave no usable answer."
	case *meets:
		return "A verifier finds that the result meets the requirements. The decision is yours."
	}
	return "A verifier finds that the result does not meet the requirements. The decision is yours."
}

func (f *follower) tell(e market.StreamEvent, state a2a.TaskState, m *a2a.Message) {
	f.state = state
	at := e.At.UTC()
	f.say(&a2a.TaskStatusUpdateEvent{
		TaskID: f.info.TaskID, ContextID: f.info.ContextID, Metadata: f.about(e),
		Status: a2a.TaskStatus{State: state, Message: m, Timestamp: &at},
	})
}

// about names the event, after which a stream can be resumed.
func (f *follower) about(e market.StreamEvent) map[string]any {
	return map[string]any{ours: map[string]any{"event_id": e.ID, "event": string(e.Type)}}
}

func (f *follower) text(e market.StreamEvent, text string) *a2a.Message {
	m := a2a.NewMessageForTask(a2a.MessageRoleAgent, f.info, a2a.NewTextPart(text))
	m.ID = string(f.id) + "-event-" + e.ID
	return m
}

// reread tells of a step with the result that is there now, which an older event cannot
// know.
func (f *follower) reread(ctx context.Context, e market.StreamEvent, state a2a.TaskState) {
	t, err := own(ctx, f.api, a2a.TaskID(f.id))
	if err != nil {
		f.fail(err)
		return
	}
	if r := result(t); r != nil && state != a2a.TaskStateFailed {
		f.say(&a2a.TaskArtifactUpdateEvent{TaskID: f.info.TaskID, ContextID: f.info.ContextID, Artifact: r, LastChunk: true, Metadata: f.about(e)})
	}
	var m *a2a.Message
	if stateOf(t.Status) == state {
		m = status(t).Message
	}
	f.tell(e, state, m)
	f.turns(t)
}

// asked is the question that an event is about; nil when it cannot be read.
func (f *follower) asked(ctx context.Context, e market.StreamEvent) *a2a.Message {
	list, err := f.api.Questions(ctx, f.id, market.Page{})
	for _, q := range list.Questions {
		if err == nil && q.ID == e.Data.QuestionID {
			return question(market.Task{TaskID: f.id, Metadata: e.Data.Metadata}, q)
		}
	}
	return f.text(e, "There is a question: get the task to read it.")
}

// sent is the message that an event is about.
func (f *follower) sent(ctx context.Context, e market.StreamEvent) *a2a.Message {
	list, err := f.api.Messages(ctx, f.id, market.Page{})
	for _, m := range list.Messages {
		if err == nil && m.ID == e.Data.MessageID {
			return message(market.Task{TaskID: f.id, Metadata: e.Data.Metadata}, f.api.ID(), m)
		}
	}
	return f.text(e, "The worker has sent a message: get the task to read it.")
}
