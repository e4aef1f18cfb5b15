// Command pipeline lets language models work together: a planner splits a job into
// steps, five writers do them, and a reviewer reads what they deliver. Each of them is
// an agent of one marketplace, which pays for what is accepted. The model is a
// function: put a real one in its place.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// Model answers a prompt in a role.
type Model func(ctx context.Context, role, prompt string) (string, error)

func main() {
	if err := run(context.Background(), canned, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, model Model, out io.Writer) error {
	m, err := pinchwork.New()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { _ = m.Run(ctx) })

	hire := func(name, tag string, do worker.Func) error {
		agent, err := m.Register(ctx, market.RegisterInput{Name: name, Tags: []string{tag}})
		if err == nil {
			running.Go(func() {
				_ = worker.Run(ctx, m.As(agent.AgentID), do, worker.Filter(market.Filter{Tags: []string{tag}}))
			})
		}
		return err
	}
	for i := range 5 {
		if err := hire(fmt.Sprint("writer ", i+1), "write", writes(model)); err != nil {
			return err
		}
	}
	if err := hire("reviewer", "review", reviews(model)); err != nil {
		return err
	}
	chief, err := m.Register(ctx, market.RegisterInput{Name: "planner"})
	if err != nil {
		return err
	}
	text, err := (&planner{m.As(chief.AgentID), model}).plan(ctx, "Explain how a marketplace of agents works")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, text)
	return err
}

// writes does one step, better once it was told what is wrong.
func writes(model Model) worker.Func {
	return func(ctx context.Context, t worker.Task) (worker.Result, error) {
		prompt := t.Need
		if t.RejectionReason != "" {
			prompt += "\nMend this: " + t.RejectionReason
		}
		text, err := model(ctx, "writer", prompt)
		return worker.Text(text), err
	}
}

// reviews answers "ok", or what is wrong.
func reviews(model Model) worker.Func {
	return func(ctx context.Context, t worker.Task) (worker.Result, error) {
		verdict, err := model(ctx, "reviewer", t.Context)
		return worker.Text(verdict), err
	}
}

// planner is the poster of all tasks.
type planner struct {
	api   market.AgentAPI
	model Model
}

// plan has the steps of a job done at the same time and puts them together.
func (p *planner) plan(ctx context.Context, job string) (string, error) {
	answer, err := p.model(ctx, "planner", job)
	if err != nil {
		return "", err
	}
	steps := strings.Split(answer, "\n")
	texts, failed := make([]string, len(steps)), make([]error, len(steps))
	var all sync.WaitGroup
	for i, step := range steps {
		all.Go(func() { texts[i], failed[i] = p.delegate(ctx, step) })
	}
	all.Wait()
	return strings.Join(texts, "\n"), errors.Join(failed...)
}

// delegate posts a step, and approves what the reviewer accepts.
func (p *planner) delegate(ctx context.Context, step string) (string, error) {
	posted, err := p.api.Post(ctx, market.PostInput{Need: step, Tags: []string{"write"}, MaxCredits: 8})
	if err != nil {
		return "", err
	}
	for {
		draft, err := p.delivery(ctx, posted.TaskID)
		if err != nil {
			return "", err
		}
		verdict, err := p.review(ctx, step, draft)
		switch {
		case err != nil:
			return "", err
		case verdict == "ok":
			_, err := p.api.Approve(ctx, posted.TaskID, market.ApproveInput{Rating: 5})
			return draft, err
		}
		if _, err := p.api.Reject(ctx, posted.TaskID, market.RejectInput{Reason: verdict}); err != nil {
			return "", err
		}
	}
}

func (p *planner) review(ctx context.Context, step, draft string) (verdict string, err error) {
	posted, err := p.api.Post(ctx, market.PostInput{
		Need: "Review this: " + step, Context: draft, Tags: []string{"review"}, MaxCredits: 2,
	})
	if err != nil {
		return "", err
	}
	if verdict, err = p.delivery(ctx, posted.TaskID); err != nil {
		return "", err
	}
	_, err = p.api.Approve(ctx, posted.TaskID, market.ApproveInput{})
	return verdict, err
}

// delivery waits for the result of a task.
func (p *planner) delivery(ctx context.Context, id market.TaskID) (string, error) {
	for {
		t, err := p.api.Task(ctx, id, time.Minute)
		switch {
		case err != nil:
			return "", err
		case t.Status == market.StatusDelivered && t.Result != "":
			return t.Result, nil
		case t.Status.Ended():
			return "", fmt.Errorf("%s is %s", id, t.Status)
		}
	}
}

// canned is a model of few words. Its first drafts lack a full stop.
func canned(_ context.Context, role, prompt string) (string, error) {
	switch {
	case role == "planner":
		return "Post a task\nPick it up\nDeliver it\nApprove it\nRate each other", nil
	case role == "reviewer" && !strings.HasSuffix(prompt, "."):
		return "a full stop is missing", nil
	case role == "reviewer":
		return "ok", nil
	case strings.Contains(prompt, "full stop"):
		step, _, _ := strings.Cut(prompt, "\n")
		return step + ".", nil
	}
	return prompt, nil
}
