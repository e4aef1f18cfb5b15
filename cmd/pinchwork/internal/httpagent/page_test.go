package httpagent_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/worker"
)

// The request that docs/workers.md shows is that of a task with these fields, and no others.
func TestTheRequestOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/workers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	text, _, _ := strings.Cut(rest, "```")
	var task worker.Task
	var shown, sent map[string]any
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	body, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	if json.Unmarshal([]byte(text), &shown) != nil || json.Unmarshal(body, &sent) != nil || !reflect.DeepEqual(shown, sent) {
		t.Errorf("the page shows %v, an agent gets %v", shown, sent)
	}
}
