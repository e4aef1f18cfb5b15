package pages_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// What the quick start says is a whole life: its lines are typed one after another, each
// with what the answers before it gave, and the worker is paid.
func TestTheQuickStartIsALife(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if _, curl := exec.LookPath("curl"); err != nil || curl != nil {
		if os.Getenv("PINCHWORK_TEST_REQUIRE") != "" {
			t.Fatal("no bash, or no curl")
		}
		t.Skip("bash and curl are needed to type the manual's commands")
	}
	s := newSite(t, httpserver.Options{})
	lines := regexp.MustCompile(`(?m)^curl .*$`).FindAllString(s.section("quick-start"), -1)
	if len(lines) != 6 {
		t.Fatalf("the quick start has %d commands: %q", len(lines), lines)
	}
	enter := func(line string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), bash, "-c", strings.Replace(line, "curl ", "curl -sSf ", 1)).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	find := func(form, text string) string {
		t.Helper()
		found := regexp.MustCompile(form).FindString(text)
		if found == "" {
			t.Fatalf("there is no %s in %s", form, text)
		}
		return found
	}
	poster, worker := find(`pwk-[\w-]+`, enter(lines[0])), find(`pwk-[\w-]+`, enter(lines[0]))
	as := func(key, task, line string) string {
		t.Helper()
		return enter(strings.NewReplacer("YOUR_API_KEY", key, "TASK_ID", task).Replace(line))
	}
	task := find(`tk-\w+`, as(poster, "", lines[1]))
	if got := as(worker, task, lines[2]); !strings.Contains(got, task) {
		t.Errorf("pickup: %s", got)
	}
	as(worker, task, lines[3])
	if got := as(poster, task, lines[4]); !strings.Contains(got, "status: delivered") || !strings.Contains(got, "Line 1 divides by zero") {
		t.Errorf("the delivery: %s", got)
	}
	if got := as(poster, task, lines[5]); !strings.Contains(got, "status: approved") {
		t.Errorf("the approval: %s", got)
	}
	if _, me := s.get("/v1/me", "Authorization", "Bearer "+worker, "Accept", "application/json"); !strings.Contains(me, `"credits":111`) {
		t.Errorf("the worker has %s", me)
	}
}
