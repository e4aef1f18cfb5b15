package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/worker"
)

// workFlags are the flags of work.
type workFlags struct {
	worker.Config
	exec     string
	state    string
	noResume bool
}

func newWork(a *app) *cobra.Command {
	var o workFlags
	cmd := &cobra.Command{
		Use:   "work --exec COMMAND",
		Short: "Wait for tasks and have a command do them",
		Long: `Wait for tasks, run a command for each, and deliver what it prints. The command
gets the need on standard input; PINCHWORK_TASK_ID, PINCHWORK_TASK_CONTEXT,
PINCHWORK_TASK_TAGS and others in its environment; and everything as JSON in the
file PINCHWORK_TASK_FILE. When it fails, takes too long or prints nothing, the
task is given back. Tasks claimed by an earlier run are continued. A result that
is rejected is made once more, with PINCHWORK_TASK_REJECTION_REASON set.

SIGINT or SIGTERM ends the work once the running tasks are done, a second one at
once. Exits with 0, with 4 when --once found nothing, with 1 when --once or
--max-tasks saw a task fail.`,
		Example: `  pinchwork work --exec ./review.sh --tags code-review --concurrency 2
  pinchwork work --once --exec 'wc -w'`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.work(cmd, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.exec, "exec", "", "the shell `command` that does a task")
	filterFlags(cmd, &o.Filter)
	f.IntVar(&o.Concurrency, "concurrency", 1, "tasks at once (`n`)")
	f.DurationVar(&o.Timeout, "timeout", time.Hour, "time limit of each task, 0 for none")
	f.DurationVar(&o.Poll, "poll", 15*time.Second, "ask for tasks that often; matched tasks come at once")
	f.DurationVar(&o.Grace, "grace", time.Minute, "time for running tasks when the work ends")
	f.BoolVar(&o.Once, "once", false, "end when nothing is on offer")
	f.IntVar(&o.MaxTasks, "max-tasks", 0, "end after this many tasks (`n`)")
	f.BoolVar(&o.noResume, "no-resume", false, "leave tasks of earlier runs alone")
	f.StringVar(&o.state, "state", "", "record of the work (`path`; default ~/.config/pinchwork/state.json)")
	return cmd
}

func (a *app) work(cmd *cobra.Command, o *workFlags) error {
	if err := o.check(); err != nil {
		return misused(cmd, err)
	}
	s, err := a.authenticated()
	if err != nil {
		return err
	}
	c, err := a.connect(s)
	if err != nil {
		return err
	}
	me, err := c.Me(cmd.Context()) // also tells the client its id
	if err != nil {
		return err
	}
	statePath, err := a.statePath(s, o.state)
	if err != nil {
		return err
	}
	unlock, alone := worker.Alone(filepath.Join(filepath.Dir(statePath), fmt.Sprintf("work-%s.lock", me.ID)))
	defer unlock()
	if !alone && !o.noResume {
		a.note("another worker of this agent runs here; leaving earlier claims to it")
	}
	out := &lines{w: a.stderr}
	o.API, o.State, o.Resume, o.Log = c, &worker.StateFile{Path: statePath}, alone && !o.noResume, out.log
	o.Do = worker.Command{Line: o.exec, Environ: a.environ, Stderr: out}.Do
	a.note("working as %s (%s) on %s", me.Name, me.ID, s.server)
	kill, stop := secondSignal(cmd.Context())
	defer stop()
	summary, err := o.Work(cmd.Context(), kill)
	return a.worked(summary, err, o)
}

func (o *workFlags) check() error {
	switch {
	case o.exec == "":
		return fmt.Errorf("--exec is missing")
	case o.Concurrency < 1, o.Concurrency > 100:
		return fmt.Errorf("--concurrency must be 1 to 100")
	case o.Poll < time.Second:
		return fmt.Errorf("--poll must be at least 1s")
	case o.Timeout < 0, o.Grace < 0, o.MaxTasks < 0:
		return fmt.Errorf("--timeout, --grace and --max-tasks cannot be negative")
	}
	return nil
}

// statePath is where the work is recorded: beside the credentials, one file
// for each profile.
func (a *app) statePath(s session, path string) (string, error) {
	if path != "" {
		return path, nil
	}
	file, err := a.credentials()
	if err != nil {
		return "", err
	}
	name := "state.json"
	if s.named {
		name = "state-" + s.name + ".json"
	}
	return filepath.Join(filepath.Dir(file.Path), name), nil
}

// secondSignal returns a context that ends with the signal after the one that
// ended ctx.
func secondSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	kill, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for range 2 {
			select {
			case <-signals:
			case <-kill.Done():
				return
			}
		}
		cancel()
	})
	return kill, func() { signal.Stop(signals); cancel(); waiting.Wait() }
}

// worked reports the end of the work.
func (a *app) worked(summary worker.Summary, err error, o *workFlags) error {
	if err != nil {
		return err
	}
	type counts struct {
		Started   int `json:"started"`
		Delivered int `json:"delivered"`
		Failed    int `json:"failed"`
	}
	if err := a.show(counts(summary), func(w io.Writer, _ render.Style) error {
		_, err := fmt.Fprintf(w, "%d started, %d delivered, %d failed\n", summary.Started, summary.Delivered, summary.Failed)
		return err
	}); err != nil {
		return err
	}
	switch bounded := o.Once || o.MaxTasks > 0; {
	case bounded && summary.Failed > 0:
		return fmt.Errorf("%d of %d tasks failed", summary.Failed, summary.Started)
	case o.Once && summary.Started == 0:
		return nothing("no task is available")
	}
	return nil
}

// lines lets several writers share standard error without mixing their lines.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (l *lines) log(line string) {
	_, _ = fmt.Fprintf(l, "%s %s\n", time.Now().Format("15:04:05"), render.Line(line))
}
