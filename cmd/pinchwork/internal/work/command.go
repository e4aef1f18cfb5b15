package work

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/worker"
)

// Command does a task with a shell command. It gets the need on stdin and
// writes the result to stdout. The environment describes the task:
//
//	PINCHWORK_TASK_ID, PINCHWORK_TASK_TAGS (comma-separated), PINCHWORK_TASK_MAX_CREDITS,
//	PINCHWORK_TASK_POSTER_ID, PINCHWORK_TASK_SYSTEM_TYPE,
//	PINCHWORK_TASK_REJECTION_REASON, PINCHWORK_TASK_REJECTION_FEEDBACK,
//	PINCHWORK_TASK_CONTEXT (when it has at most 64 KiB) and
//	PINCHWORK_TASK_FILE, a JSON file with all of it.
//
// The command works on a stranger's text, so its environment contains no keys.
type Command struct {
	// Line is run by the shell.
	Line string
	// Environ is the environment that the command inherits.
	Environ []string
	// Stderr shows what the command writes there.
	Stderr io.Writer
	// Kill is nil, or ends when a command that runs is to be killed without being asked.
	Kill context.Context
}

const (
	largestEnv = 64 << 10
	// killDelay is the time between asking a command to end and killing it.
	killDelay = 5 * time.Second
	mostBytes = 4 * worker.MaxResult
)

var errTooLong = errors.New("its result is too long")

// Do runs the command. When ctx ends, the command and everything it started is
// asked to end (SIGTERM), and what is left of it 5 s later is killed. Do returns when it
// is gone.
func (c Command) Do(ctx context.Context, t worker.Task) (worker.Result, error) {
	file, err := taskFile(t)
	if err != nil {
		return worker.Result{}, err
	}
	defer func() { _ = os.Remove(file) }()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &limited{most: mostBytes, full: func() { cancel(errTooLong) }}
	cmd := shell(ctx, c.Line)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(t.Need), out, c.Stderr
	cmd.Env = append(withoutKeys(c.Environ), taskEnv(t, file)...)
	cmd.WaitDelay = killDelay
	atOnce := func() bool { return c.Kill != nil && c.Kill.Err() != nil }
	group(cmd, atOnce)
	var asked time.Time // never, when it failed by itself
	ask := cmd.Cancel
	cmd.Cancel = func() error { asked = time.Now(); return ask() }
	err = c.run(cmd)
	if err != nil && cmd.Process != nil {
		endGroup(cmd.Process.Pid, asked.Add(killDelay), atOnce)
	}
	return worker.Text(out.text.String()), explain(ctx, err)
}

// run runs the command, and kills its group when Kill ends.
func (c Command) run(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	if c.Kill != nil {
		defer context.AfterFunc(c.Kill, func() { endGroup(cmd.Process.Pid, time.Time{}, nil) })()
	}
	return cmd.Wait()
}

func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return errors.New("the command left processes behind that hold its output open")
	}
	return fmt.Errorf("the command failed: %w", err)
}

// limited keeps what is written, up to a number of bytes.
type limited struct {
	text bytes.Buffer
	most int
	full func()
}

func (l *limited) Write(p []byte) (int, error) {
	if l.text.Len()+len(p) > l.most {
		l.full()
		return 0, errTooLong
	}
	return l.text.Write(p)
}

func taskFile(t worker.Task) (string, error) {
	f, err := os.CreateTemp("", "pinchwork-task-*.json") // mode 0600
	if err != nil {
		return "", fmt.Errorf("writing the task's file: %w", err)
	}
	err = json.NewEncoder(f).Encode(t)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("writing the task's file: %w", err)
	}
	return f.Name(), nil
}

func withoutKeys(environ []string) []string {
	var out []string
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		if name != "PINCHWORK_API_KEY" && name != "PINCHWORK_ADMIN_KEY" && name != TokenVariable && !strings.HasPrefix(name, "PINCHWORK_TASK_") {
			out = append(out, e)
		}
	}
	return out
}

func taskEnv(t worker.Task, file string) []string {
	vars := [][2]string{
		{"ID", string(t.ID)},
		{"TAGS", strings.Join(t.Tags, ",")},
		{"MAX_CREDITS", strconv.FormatInt(t.MaxCredits, 10)},
		{"POSTER_ID", string(t.PosterID)},
		{"SYSTEM_TYPE", string(t.System)},
		{"REJECTION_REASON", t.RejectionReason},
		{"REJECTION_FEEDBACK", t.RejectionFeedback},
		{"FILE", file},
	}
	if len(t.Context) <= largestEnv {
		vars = append(vars, [2]string{"CONTEXT", t.Context})
	}
	out := make([]string, 0, len(vars))
	for _, v := range vars {
		out = append(out, "PINCHWORK_TASK_"+v[0]+"="+v[1])
	}
	return out
}
