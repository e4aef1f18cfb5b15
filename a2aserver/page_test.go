package a2aserver_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/a2aserver"
	"github.com/pinchwork/pinchwork/market"
)

// The message that docs/a2a.md shows posts the task that it says.
func TestTheMessageOfThePagePostsATask(t *testing.T) {
	page, err := os.ReadFile("../docs/a2a.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	text, _, _ := strings.Cut(rest, "```")
	var message a2a.Message
	if err := json.Unmarshal([]byte(text), &message); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	s := newSite(t, a2aserver.Options{Budget: 7})
	sent := s.send(s.client(0, s.key), &a2a.SendMessageRequest{Message: &message, Config: &a2a.SendMessageConfig{ReturnImmediately: true}})
	got, err := s.poster.Task(t.Context(), market.TaskID(sent.ID), 0)
	if err != nil || got.Need != "Review this function: …" || got.MaxCredits != 25 || !slices.Equal(got.Tags, []string{"review"}) || got.Deadline.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}
