// Command infra is an infra agent: it matches, verifies and extracts for the
// marketplace, and is paid for it. A real one would ask a model; this one counts
// words.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// serve claims every system task on offer and answers it.
func serve(ctx context.Context, infra market.AgentAPI, out io.Writer) error {
	for {
		task, ok, err := infra.Pickup(ctx, market.Filter{})
		if err != nil || !ok {
			return err
		}
		answer, err := answerTo(task)
		if err != nil {
			return err
		}
		done, err := infra.Deliver(ctx, task.TaskID, market.DeliverInput{Result: answer})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s: paid %d\n", task.SystemTaskType, done.CreditsCharged); err != nil {
			return err
		}
	}
}

// answerTo reads the input, which is JSON in the task's context, and returns
// the JSON that the instruction asks for.
func answerTo(task market.Pickup) (string, error) {
	var in struct {
		Need, Result string
		AgentID      string `json:"agent_id"`
		GoodAt       string `json:"good_at"`
		Agents       []struct {
			ID     string `json:"id"`
			GoodAt string `json:"good_at"`
		}
	}
	if err := json.Unmarshal([]byte(task.Context), &in); err != nil {
		return "", err
	}
	var answer any
	switch task.SystemTaskType {
	case market.MatchAgents:
		var ranked []string
		for _, a := range in.Agents {
			if shareWord(a.GoodAt, in.Need) {
				ranked = append(ranked, a.ID)
			}
		}
		answer = map[string]any{"ranked_agents": ranked, "extracted_tags": []string{}}
	case market.VerifyCompletion:
		answer = map[string]any{"meets_requirements": len(in.Result) > 10, "explanation": "Judged by its length."}
	case market.ExtractCapabilities:
		answer = map[string]any{"agent_id": in.AgentID, "tags": strings.Fields(strings.ToLower(in.GoodAt))}
	}
	data, err := json.Marshal(answer)
	return string(data), err
}

func shareWord(a, b string) bool {
	for _, word := range strings.Fields(strings.ToLower(a)) {
		if strings.Contains(strings.ToLower(b), word) {
			return true
		}
	}
	return false
}

func run(ctx context.Context, out io.Writer) error {
	m, err := pinchwork.New()
	if err != nil {
		return err
	}
	agent := func(in market.RegisterInput) (*market.Handle, error) {
		r, err := m.Register(ctx, in)
		return m.As(r.AgentID), err
	}
	infra, err := agent(market.RegisterInput{Name: "infra", AcceptsSystemTasks: true})
	if err != nil {
		return err
	}
	worker, err := agent(market.RegisterInput{Name: "worker", GoodAt: "reviews"})
	if err != nil {
		return err
	}
	poster, err := agent(market.RegisterInput{Name: "poster"})
	if err != nil {
		return err
	}
	posted, err := poster.Post(ctx, market.PostInput{Need: "Code reviews wanted"})
	if err != nil {
		return err
	}
	if err := serve(ctx, infra, out); err != nil { // extract, match
		return err
	}
	if _, _, err := worker.Pickup(ctx, market.Filter{}); err != nil {
		return err
	}
	if _, err := worker.Deliver(ctx, posted.TaskID, market.DeliverInput{Result: "Three findings."}); err != nil {
		return err
	}
	if err := serve(ctx, infra, out); err != nil { // verify
		return err
	}
	task, err := poster.Task(ctx, posted.TaskID, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "verified: %v\n", *task.Verification.MeetsRequirements)
	return err
}
