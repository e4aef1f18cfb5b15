//go:build unix

package work_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

func do(ctx context.Context, t *testing.T, line string, job worker.Task) (string, string, error) {
	t.Helper()
	var stderr strings.Builder
	out, err := work.Command{Line: line, Environ: os.Environ(), Stderr: &stderr}.Do(ctx, job)
	return out.Text, stderr.String(), err
}

func TestCommandGetsTheTask(t *testing.T) {
	t.Setenv("PINCHWORK_API_KEY", "secret")
	t.Setenv("PINCHWORK_ADMIN_KEY", "secret")
	t.Setenv("PINCHWORK_TASK_REJECTION_REASON", "of an outer task")
	job := worker.Task{ID: "tk-1", Need: "the need\n", Context: "line 1\nline 2", MaxCredits: 7, Tags: []string{"a", "b"}, PosterID: "ag-1"}
	out, stderr, err := do(t.Context(), t, `cat; echo "$PINCHWORK_TASK_ID|$PINCHWORK_TASK_CONTEXT|$PINCHWORK_TASK_TAGS|$PINCHWORK_TASK_MAX_CREDITS|$PINCHWORK_TASK_POSTER_ID|$PINCHWORK_TASK_REJECTION_REASON|$PINCHWORK_API_KEY$PINCHWORK_ADMIN_KEY"; echo trouble >&2`, job)
	want := "the need\ntk-1|line 1\nline 2|a,b|7|ag-1||\n"
	if err != nil || out != want || stderr != "trouble\n" {
		t.Errorf("out %q, stderr %q, %v", out, stderr, err)
	}
}

// A context of 100,000 characters fits no environment variable.
func TestLargeContextIsInTheFile(t *testing.T) {
	job := worker.Task{ID: "tk-1", Need: "n", Context: strings.Repeat("日", 100_000), RejectionReason: "r"}
	out, _, err := do(t.Context(), t, `echo "${PINCHWORK_TASK_CONTEXT-unset}"; cat "$PINCHWORK_TASK_FILE"; echo "$PINCHWORK_TASK_FILE"`, job)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out, "\n")
	var got worker.Task
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil || got.Context != job.Context || got.RejectionReason != "r" || lines[0] != "unset" {
		t.Errorf("first line %.20q, job %.200v, %v", lines[0], got, err)
	}
	if _, err := os.Stat(lines[2]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is left behind: %v", err)
	}
}

func TestCommandThatDoesNotReadItsInput(t *testing.T) {
	out, _, err := do(t.Context(), t, "echo done", worker.Task{Need: strings.Repeat("x", 1<<20)})
	if err != nil || out != "done\n" {
		t.Errorf("out %q, %v", out, err)
	}
}

func TestFailedCommand(t *testing.T) {
	_, stderr, err := do(t.Context(), t, "echo why >&2; exit 3", worker.Task{})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || stderr != "why\n" {
		t.Errorf("error %v, stderr %q", err, stderr)
	}
}

func TestEndlessOutputIsStopped(t *testing.T) {
	start := time.Now()
	out, _, err := do(t.Context(), t, "yes", worker.Task{})
	if err == nil || !strings.Contains(err.Error(), "too long") || len(out) > 4*worker.MaxResult || time.Since(start) > time.Minute {
		t.Errorf("%d bytes after %v, error %v", len(out), time.Since(start), err)
	}
}

// A command that ignores being asked is killed with all that it started.
func TestTimeoutKillsTheWholeGroup(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	for name, cause := range map[string]error{"time-out": worker.ErrTimeout, "killed": worker.ErrStopped} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			kill, killed := context.WithCancel(t.Context())
			defer killed()
			line := `trap "" TERM; sh -c 'trap "" TERM; echo $$ > ` + pids + `.tmp; mv ` + pids + `.tmp ` + pids + `; sleep 1000 & wait; sleep 1000' & wait; sleep 1000`
			done := make(chan error, 1)
			go func() {
				_, err := work.Command{Line: line, Environ: os.Environ(), Stderr: io.Discard, Kill: kill}.Do(ctx, worker.Task{})
				done <- err
			}()
			child := waitForPID(t, pids)
			start := time.Now()
			if errors.Is(cause, worker.ErrStopped) {
				killed()
			}
			cancel(cause)
			if err := <-done; !errors.Is(err, cause) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(start); errors.Is(cause, worker.ErrStopped) && took > 3*time.Second || took > 30*time.Second {
				t.Errorf("took %v", took)
			}
			waitUntil(t, "the child is gone", func() bool { return gone(child) })
			_ = os.Remove(pids)
		})
	}
}

// What a command has started gets the same time to end as the command itself, also when
// that ends at once and the rest writes elsewhere.
func TestGrandchildrenMayEndInPeace(t *testing.T) {
	dir := t.TempDir()
	pids, told := filepath.Join(dir, "pids"), filepath.Join(dir, "told")
	line := `sh -c 'trap "sleep 0.3; echo bye > ` + told + `; exit" TERM; echo $$ > ` + pids + `.tmp; mv ` + pids + `.tmp ` + pids + `; while :; do sleep 0.05; done' > /dev/null 2>&1 & wait`
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := do(ctx, t, line, worker.Task{})
		done <- err
	}()
	child := waitForPID(t, pids)
	cancel(worker.ErrTimeout)
	if err := <-done; !errors.Is(err, worker.ErrTimeout) {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(told); err != nil || string(text) != "bye\n" || !gone(child) {
		t.Errorf("the grandchild said %q, %v, gone %v", text, err, gone(child))
	}
}

// gone also counts a zombie that nobody reaps in a bare container.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func waitForPID(t *testing.T, path string) int {
	t.Helper()
	pid := 0
	waitUntil(t, "the child has started", func() bool {
		data, err := os.ReadFile(path)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(data)))
		return err == nil
	})
	return pid
}

func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}
