package a2aagent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

// mostQuestion is the longest message that the marketplace takes, in characters.
const mostQuestion = 5000

// first are the parts of the message that begins a piece of work.
func first(t worker.Task) []*a2a.Part {
	parts := []*a2a.Part{a2a.NewTextPart(t.Need)}
	if t.Context != "" {
		parts = append(parts, a2a.NewTextPart(t.Context))
	}
	if t.RejectionReason != "" {
		reason := "An earlier result was rejected: " + t.RejectionReason
		if t.RejectionFeedback != "" {
			reason += "\n" + t.RejectionFeedback
		}
		parts = append(parts, a2a.NewTextPart(reason))
	}
	return parts
}

// describe is the task as metadata of a message.
func describe(t worker.Task) map[string]any {
	d := map[string]any{"task_id": string(t.ID), "max_credits": t.MaxCredits, "poster_id": string(t.PosterID)}
	if len(t.Tags) > 0 {
		d["tags"] = t.Tags
	}
	if t.System != "" {
		d["system_task_type"] = string(t.System)
	}
	return map[string]any{"pinchwork": d}
}

// result is what the end of the agent's task delivers.
func (j *job) result(end a2a.Event) (worker.Result, error) {
	j.over = true
	switch end := end.(type) {
	case *a2a.Message:
		text, err := words(end)
		return worker.Text(text), err
	case *a2a.Task:
		j.over = end.Status.State.Terminal()
		return delivery(end)
	}
	return worker.Result{}, errors.New("the agent's answer is neither a message nor a task")
}

func delivery(t *a2a.Task) (worker.Result, error) {
	switch t.Status.State {
	case a2a.TaskStateCompleted:
	case a2a.TaskStateAuthRequired:
		return worker.Result{}, errors.New("the agent wants credentials for this task, which a worker does not have")
	default:
		said, _ := words(t.Status.Message)
		state := strings.ToLower(strings.TrimPrefix(string(t.Status.State), "TASK_STATE_"))
		return worker.Result{}, fmt.Errorf("the agent's task is %s: %s", state, work.Line(said))
	}
	var texts []string
	var credits int64
	for _, artifact := range t.Artifacts {
		text, err := join(artifact.Parts)
		if err != nil {
			return worker.Result{}, err
		}
		texts = append(texts, text)
		if c, ok := artifact.Metadata["credits_claimed"].(float64); ok && c >= 1 {
			credits += int64(min(c, 1e9))
		}
	}
	if len(texts) == 0 {
		text, err := words(t.Status.Message)
		return worker.Text(text), err
	}
	return worker.Result{Text: strings.Join(texts, "\n\n"), Credits: credits}, nil
}

func words(m *a2a.Message) (string, error) {
	if m == nil {
		return "", nil
	}
	return join(m.Parts)
}

// join makes one text of parts. Bytes are no text, so they are refused rather than left out.
func join(parts []*a2a.Part) (string, error) {
	var texts []string
	for _, p := range parts {
		switch content := p.Content.(type) {
		case a2a.Text:
			texts = append(texts, string(content))
		case a2a.URL:
			texts = append(texts, string(content))
		case a2a.Data:
			data, err := json.Marshal(content.Value)
			if err != nil {
				return "", err
			}
			texts = append(texts, string(data))
		default:
			return "", errors.New("the agent's answer holds a file, which cannot be delivered; it may give its URL")
		}
	}
	return strings.Join(texts, "\n"), nil
}

// tell hands on what the agent says of work under way.
func (j *job) tell(ctx context.Context, s a2a.TaskStatus) {
	if s.State != a2a.TaskStateWorking && s.State != a2a.TaskStateSubmitted || s.Message == nil {
		return
	}
	note, err := words(s.Message)
	if err != nil {
		return
	}
	percent := -1
	if p, ok := s.Message.Metadata["percent"].(float64); ok {
		percent = int(max(0, min(100, p)))
	}
	j.notes.Tell(ctx, note, percent)
}

func clip(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
