// Package a2aagent has claimed tasks done by an agent that speaks A2A: each piece of work is
// a message to it, and the artifact of its task is the delivery. docs/workers.md describes
// what the agent sees.
package a2aagent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

// Agent is where tasks are done.
type Agent struct {
	client  *a2aclient.Client
	streams bool
	keep    bool
	pause   time.Duration // the first between two tries, and that between two looks
}

const (
	mostTries    = 8
	longestPause = time.Minute
	cardTime     = 30 * time.Second
	cancelTime   = 5 * time.Second
	// mostQuestions bounds the questions of one run about one piece of work.
	mostQuestions = 20
)

// New reads the card of the agent at an http or https address: the address of the card
// itself when it ends with .json, else of the agent, which has it in its usual place. The
// token, unless it is "", goes to the host of that address alone, as a bearer. With keep a
// task whose run is stopped goes on at the agent, for the next run to look after; without
// it the agent is told to stop.
func New(ctx context.Context, address, token string, keep bool) (*Agent, error) {
	u, err := work.Address(address, token)
	if err != nil {
		return nil, err
	}
	calls := work.Client()
	calls.Transport = &transport{origin: u.Scheme + "://" + u.Host, token: token}
	ctx, cancel := context.WithTimeout(ctx, cardTime)
	defer cancel()
	base, options := cardPlace(u)
	resolver := &agentcard.Resolver{Client: calls, CardParser: a2av0.NewAgentCardParser()}
	card, err := resolver.Resolve(ctx, base, options...)
	if err != nil {
		return nil, fmt.Errorf("the agent's card cannot be read: %w", plain(err))
	}
	client, err := a2aclient.NewFromCard(ctx, card,
		a2aclient.WithJSONRPCTransport(calls), a2aclient.WithRESTTransport(calls),
		a2av0.WithJSONRPCTransport(a2av0.JSONRPCTransportConfig{Client: calls}),
		a2av0.WithRESTTransport(a2av0.RESTTransportConfig{Client: calls}))
	if err != nil {
		return nil, fmt.Errorf("the agent's card offers no way that is known here: %w", plain(err))
	}
	return &Agent{client: client, streams: card.Capabilities.Streaming, keep: keep, pause: time.Second}, nil
}

func cardPlace(u *url.URL) (base string, options []agentcard.ResolveOption) {
	if !strings.HasSuffix(u.Path, ".json") {
		return u.String(), nil
	}
	dir, file := path.Split(u.Path)
	at := *u
	at.Path = dir
	return at.String(), []agentcard.ResolveOption{agentcard.WithPath(file)}
}

// Do has the task done. While the agent cannot be reached it is asked again. When ctx ends,
// the agent is told.
func (a *Agent) Do(ctx context.Context, t worker.Task) (worker.Result, error) {
	j := &job{Agent: a, task: t, notes: &work.Notes{Task: t}}
	r, err := j.persist(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil && !j.over && (!a.keep || !errors.Is(err, worker.ErrStopped)) {
		j.cancel(ctx)
	}
	return r, err
}

// job is one piece of work.
type job struct {
	*Agent
	task  worker.Task
	notes *work.Notes
	id    a2a.TaskID // of the agent's task, once it is known
	sent  bool       // a message, whether it has arrived or not
	over  bool       // the agent has ended it
	// turned says that the agent's task has ended or waits for input, as it has told.
	turned bool
	asked  int // questions so far
}

// context names the piece of work to the agent. It finds the task by it when the answer to
// a message was lost, so that nothing is started twice, also by agents that do not know a
// message that comes again.
func (j *job) context() string { return j.task.Key() }

// persist goes on until there is a result, a refusal or the end of ctx.
func (j *job) persist(ctx context.Context) (worker.Result, error) {
	for failures := 0; ; {
		before := j.id
		got, err := j.step(ctx)
		switch {
		case got != nil && err == nil:
			return j.result(got)
		case err == nil, j.id != before:
			failures = 0
		case ctx.Err() != nil || final(err):
			return worker.Result{}, plain(err)
		}
		pause := j.pause
		if j.turned && err == nil {
			j.turned, pause = false, 0
		}
		if err != nil {
			if failures++; failures == mostTries {
				return worker.Result{}, fmt.Errorf("after %d tries: %w", mostTries, plain(err))
			}
			pause = min(j.pause<<(failures-1), longestPause)
		}
		if work.Sleep(ctx, pause) != nil {
			return worker.Result{}, context.Cause(ctx)
		}
	}
}

// step begins the task or looks after it. It returns what ends the work, or nil.
func (j *job) step(ctx context.Context) (a2a.Event, error) {
	if j.id == "" {
		if err := j.find(ctx); err != nil {
			return nil, err
		}
	}
	if j.id == "" {
		j.sent = true
		return j.send(ctx, j.request(j.task.Key(), first(j.task)...))
	}
	now, err := j.client.GetTask(ctx, &a2a.GetTaskRequest{ID: j.id})
	if err != nil {
		return nil, err
	}
	switch state := now.Status.State; {
	case state.Terminal(), state == a2a.TaskStateAuthRequired:
		return now, nil
	case state == a2a.TaskStateInputRequired:
		return j.ask(ctx, now)
	case j.streams:
		return nil, j.follow(ctx)
	}
	j.tell(ctx, now.Status)
	return nil, nil
}

// find looks for a task that an earlier message has begun. An agent that lists no tasks is
// trusted to know a message that comes again by its id.
func (j *job) find(ctx context.Context) error {
	list, err := j.client.ListTasks(ctx, &a2a.ListTasksRequest{ContextID: j.context(), PageSize: 1})
	if err != nil {
		none := errors.Is(err, a2a.ErrUnsupportedOperation) || errors.Is(err, a2a.ErrMethodNotFound)
		if none || !j.sent && errors.As(err, new(*a2a.Error)) {
			return nil
		}
		return passing{err}
	}
	for _, t := range list.Tasks {
		if t.ContextID == j.context() {
			j.id = t.ID
		}
	}
	return nil
}

func (j *job) request(id string, parts ...*a2a.Part) *a2a.SendMessageRequest {
	return &a2a.SendMessageRequest{
		Message: &a2a.Message{
			ID: id, Role: a2a.MessageRoleUser, Parts: parts,
			ContextID: j.context(), TaskID: j.id, Metadata: describe(j.task),
		},
		Config: &a2a.SendMessageConfig{ReturnImmediately: true, AcceptedOutputModes: []string{"text/plain", "application/json", "text/markdown"}},
	}
}

// send sends a message and follows what it begins.
func (j *job) send(ctx context.Context, req *a2a.SendMessageRequest) (a2a.Event, error) {
	if !j.streams {
		e, err := j.client.SendMessage(ctx, req)
		if err != nil {
			return nil, err
		}
		return j.heard(ctx, e), nil
	}
	for e, err := range j.client.SendStreamingMessage(ctx, req) {
		if err != nil {
			return nil, err
		}
		if reply := j.heard(ctx, e); reply != nil {
			return reply, nil
		}
	}
	if j.id == "" {
		return nil, errors.New("the agent's answer broke off")
	}
	return nil, nil
}

// follow hears of progress until the stream ends. How the task stands is asked afterwards.
func (j *job) follow(ctx context.Context) error {
	for e, err := range j.client.SubscribeToTask(ctx, &a2a.SubscribeToTaskRequest{ID: j.id}) {
		if errors.Is(err, a2a.ErrUnsupportedOperation) || errors.Is(err, a2a.ErrTaskNotFound) {
			return nil // it has ended, or cannot be followed: it is looked after instead
		}
		if err != nil {
			return err
		}
		j.heard(ctx, e)
	}
	return nil
}

// heard takes in what the agent says. A message in place of a task is its whole answer.
func (j *job) heard(ctx context.Context, e a2a.Event) a2a.Event {
	switch e := e.(type) {
	case *a2a.Message:
		if j.id == "" {
			return e
		}
	case *a2a.Task:
		j.id = e.ID
		j.stands(ctx, e.Status)
	case *a2a.TaskStatusUpdateEvent:
		j.id = e.TaskID
		j.stands(ctx, e.Status)
	case *a2a.TaskArtifactUpdateEvent:
		j.id = e.TaskID
	}
	return nil
}

func (j *job) stands(ctx context.Context, s a2a.TaskStatus) {
	j.turned = s.State.Terminal() || s.State == a2a.TaskStateInputRequired || s.State == a2a.TaskStateAuthRequired
	j.tell(ctx, s)
}

// ask asks the poster what the agent wants to know, and brings the answer.
func (j *job) ask(ctx context.Context, now *a2a.Task) (a2a.Event, error) {
	question, err := words(now.Status.Message)
	if err != nil || strings.TrimSpace(question) == "" {
		return nil, refusal{errors.New("the agent asks for input without saying what")}
	}
	if j.asked++; j.asked > mostQuestions {
		return nil, refusal{fmt.Errorf("the agent asks for input more than %d times", mostQuestions)}
	}
	answer, err := j.task.Ask(ctx, clip(question, mostQuestion))
	if err != nil {
		return nil, refusal{fmt.Errorf("the agent's question was not answered: %w", err)}
	}
	id := fmt.Sprintf("%s.%s", j.task.Key(), digest(now.Status.Message.ID+question))
	return j.send(ctx, j.request(id, a2a.NewTextPart(answer)))
}

// cancel tells the agent that its result is of no use. It may not hear.
func (j *job) cancel(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer cancel()
	if j.id == "" && j.find(ctx) != nil || j.id == "" {
		return
	}
	_, _ = j.client.CancelTask(ctx, &a2a.CancelTaskRequest{ID: j.id})
}
