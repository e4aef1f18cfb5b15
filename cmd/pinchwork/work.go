package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/a2aagent"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/httpagent"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// workFlags are the flags of work.
type workFlags struct {
	filter                market.Filter
	concurrency, maxTasks int
	timeout, pause, grace span
	once                  bool

	exec, http, a2a string
	state           string
	noResume        bool
}

func newWork(a *app) *cobra.Command {
	seconds := span{unit: time.Second, none: true}
	o := workFlags{timeout: seconds, pause: seconds, grace: seconds}
	o.timeout.d, o.pause.d, o.grace.d = time.Hour, 15*time.Second, time.Minute
	cmd := &cobra.Command{
		Use:   "work --exec COMMAND | --http URL | --a2a URL",
		Short: "Wait for tasks and have a command or another agent do them",
		Long: `Wait for tasks, have each done, and deliver the result.

With --exec a command does it, and what it prints is delivered. The command
gets the need on standard input; PINCHWORK_TASK_ID, PINCHWORK_TASK_CONTEXT,
PINCHWORK_TASK_TAGS and others in its environment; and everything as JSON in the
file PINCHWORK_TASK_FILE.

With --http an agent does it that answers HTTP: each task is one POST of JSON,
and its answer is delivered. With --a2a an agent does it that speaks A2A: each
task is a message to it, and its artifact is delivered. PINCHWORK_AGENT_TOKEN is
sent to either as a bearer; the marketplace's key never is. docs/workers.md
describes what they get.

A task that fails, takes too long, or whose result is empty or no UTF-8 text, is
given back, which is a strike: five of them, or of claims that lapse, block pickup
for 30 minutes (the server may have other numbers). Tasks that an earlier run has claimed on this machine are continued;
those that were claimed otherwise are left alone. A result that is rejected is made
once more, with the reason (PINCHWORK_TASK_REJECTION_REASON).

Ctrl-C or SIGTERM ends the work once the running tasks are done, at most after
--grace; a second one kills them. A command ends with all that it has started:
after its time limit and the grace it gets SIGTERM, and SIGKILL 5 seconds later.
A server that does not answer is waited for, at the start too, unless with --once.
Exits with 0, with 4 when --once found nothing, with 1 when --once or
--max-tasks saw a task fail, or --once finds pickup blocked, and with 130 when a
second signal killed the work.`,
		Example: `  pinchwork work --exec ./review.sh --tags code-review --concurrency 2
  pinchwork work --once --exec 'wc -w'
  pinchwork work --http http://127.0.0.1:9000/task --concurrency 4
  pinchwork work --a2a https://agent.example`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.work(cmd, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.exec, "exec", "", "the shell `command` that does a task")
	f.StringVar(&o.http, "http", "", "the `URL` of an agent that does tasks over HTTP")
	f.StringVar(&o.a2a, "a2a", "", "the `URL` of an agent that does tasks over A2A, or of its card")
	filterFlags(cmd, &o.filter)
	f.IntVar(&o.concurrency, "concurrency", 1, "`n` tasks at once")
	f.Var(&o.timeout, "timeout", "time limit of each task, 0 for none (seconds, or a time like 10m)")
	f.Var(&o.pause, "pause", "pause after a failure, doubled for each in a row, and between tries while the server is away")
	f.Var(&o.grace, "grace", "time for running tasks when the work ends")
	f.Var(&o.pause, "poll", "")
	_ = f.MarkDeprecated("poll", "it is --pause now")
	f.BoolVar(&o.once, "once", false, "end when nothing is on offer")
	f.IntVar(&o.maxTasks, "max-tasks", 0, "end after `n` tasks")
	f.BoolVar(&o.noResume, "no-resume", false, "leave tasks of earlier runs alone")
	f.StringVar(&o.state, "state", "", "record of the work (`path`; default ~/.config/pinchwork/state.json, with a named profile state-NAME.json); the claims are kept beside it, in work-AGENT.json")
	return cmd
}

func (a *app) work(cmd *cobra.Command, o *workFlags) error {
	if err := o.check(a.getenv(work.TokenVariable)); err != nil {
		return misused(cmd, err)
	}
	s, err := a.authenticated()
	if err != nil {
		return err
	}
	out := &lines{w: a.stderr}
	c, err := a.connect(s, out.demands())
	if err != nil {
		return err
	}
	me, err := whoWorks(cmd.Context(), c, o, out)
	if err != nil {
		return err
	}
	statePath, err := a.statePath(s, o.state)
	if err != nil {
		return err
	}
	record, err := a.workRecord(statePath, me.ID, o.noResume)
	if err != nil {
		return err
	}
	kill, stop := secondSignal(cmd.Context())
	defer stop()
	do, err := a.does(cmd.Context(), kill, o, out, record != nil)
	if err != nil {
		return err
	}
	counts := &work.Counter{State: &work.StateFile{Path: statePath}, Earned: func() (int64, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), 10*time.Second)
		defer cancel()
		stats, err := c.Stats(ctx)
		return stats.TotalEarned, err
	}, Log: out.log}
	a.note("working as %s (%s) on %s", me.Name, me.ID, s.server)
	options := append(o.options(), worker.Kill(kill), worker.Observe(counts.Observe))
	if record != nil {
		defer func() { _ = record.Close() }()
		options = append(options, worker.Keep(record))
	}
	defer context.AfterFunc(cmd.Context(), func() { out.log(o.ending(counts.Counts())) })()
	err = worker.Run(cmd.Context(), c, do, options...)
	err = a.worked(counts, err, o, kill.Err() != nil)
	a.toCome(context.WithoutCancel(cmd.Context()), c)
	a.money(context.WithoutCancel(cmd.Context()), c)
	return err
}

// whoWorks is the worker's agent, which also tells the client its id. It waits for a server
// that is not there yet, as the work waits for one that has gone; with --once it ends.
func whoWorks(ctx context.Context, c *httpclient.Client, o *workFlags, out *lines) (market.Me, error) {
	for told := false; ; {
		me, err := c.Me(ctx)
		if err == nil && told {
			out.log("the server answers")
		}
		if o.once || !errors.Is(err, market.ErrUnavailable) {
			return me, err
		}
		if !told {
			out.log(fmt.Sprintf("%s; trying again every %s until it answers", said(err), spanText(o.pause.d)))
			told = true
		}
		if err := sleep(ctx, o.pause.d); err != nil {
			return me, err
		}
	}
}

// does is what does the tasks. With kept the next run goes on with those that this one
// leaves.
func (a *app) does(ctx, kill context.Context, o *workFlags, out io.Writer, kept bool) (worker.Func, error) {
	if o.exec != "" {
		return work.Command{Line: o.exec, Environ: a.environ, Stderr: out, Kill: kill}.Do, nil
	}
	token := a.getenv(work.TokenVariable)
	if o.http != "" {
		agent, err := httpagent.New(o.http, token, kept)
		if err != nil {
			return nil, err
		}
		return agent.Do, nil
	}
	agent, err := a2aagent.New(ctx, o.a2a, token, kept)
	if err != nil {
		return nil, err
	}
	return agent.Do, nil
}

func (o *workFlags) options() []worker.Option {
	all := []worker.Option{
		worker.Filter(o.filter), worker.Concurrency(o.concurrency), worker.TimeLimit(o.timeout.d),
		worker.Pause(o.pause.d), worker.Grace(o.grace.d), worker.Max(o.maxTasks),
	}
	if o.once {
		all = append(all, worker.Once())
	}
	return all
}

// workRecord is where the claims of this agent's runs are kept, one file for each agent
// beside the state; nil when this run is to know of its own claims alone.
func (a *app) workRecord(statePath string, id market.AgentID, alone bool) (*worker.FileRecord, error) {
	if alone {
		return nil, nil
	}
	folder := filepath.Dir(statePath)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	record, err := worker.OpenRecord(filepath.Join(folder, fmt.Sprintf("work-%s.json", id)))
	if errors.Is(err, worker.ErrInUse) {
		a.note("another worker of this agent runs here; leaving earlier claims to it")
		return nil, nil
	}
	return record, err
}

// ending says how an interrupted run ends.
func (o *workFlags) ending(n work.Counts) string {
	if n.Started == n.Ended {
		return "ending, nothing is under way"
	}
	return fmt.Sprintf("ending: %d under way, which may take %s more; Ctrl-C again kills at once", n.Started-n.Ended, spanText(o.grace.d))
}

func (o *workFlags) check(token string) error {
	ways := 0
	for _, way := range []string{o.exec, o.http, o.a2a} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways == 0:
		return fmt.Errorf("--exec, --http or --a2a is missing")
	case ways > 1:
		return fmt.Errorf("--exec, --http and --a2a exclude each other")
	case o.concurrency < 1, o.concurrency > 100:
		return fmt.Errorf("--concurrency must be 1 to 100")
	case o.pause.d < time.Second:
		return fmt.Errorf("--pause must be at least 1s")
	case o.maxTasks < 0:
		return fmt.Errorf("--max-tasks cannot be negative")
	case o.exec == "":
		_, err := work.Address(o.http+o.a2a, token) // one of them is ""
		return err
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
func (a *app) worked(c *work.Counter, err error, o *workFlags, killed bool) error {
	if err != nil {
		return err
	}
	n := c.Counts()
	if err := a.show(n, func(w io.Writer, _ render.Style) error {
		_, err := fmt.Fprintf(w, "%d started, %d delivered, %d failed\n", n.Started, n.Delivered, n.Failed)
		return err
	}); err != nil {
		return err
	}
	switch bounded := o.once || o.maxTasks > 0; {
	case killed:
		return context.Canceled
	case bounded && n.Failed > 0:
		return fmt.Errorf("%d of %d tasks failed", n.Failed, n.Started)
	case o.once && n.Started == 0:
		return nothing("no task is available")
	}
	return nil
}

// toCome says what the agent has delivered, in this run or before, and is not paid for yet.
func (a *app) toCome(ctx context.Context, c *httpclient.Client) {
	if !a.people() {
		return
	}
	list, err := c.Mine(ctx, market.MineQuery{Role: market.PartyWorker, Status: market.StatusDelivered, Page: market.Page{Limit: mostToCome}})
	if err == nil && len(list.Tasks) > 0 {
		a.note("%s", toCome(list))
	}
}

const mostToCome = 100

func toCome(list market.TaskList) string {
	credits, last, timed := int64(0), market.Time{}, true
	for _, t := range list.Tasks {
		if t.WorkerReceives != nil {
			credits += *t.WorkerReceives
		}
		if timed = timed && !t.ReviewDeadline.IsZero(); t.ReviewDeadline.After(last.Time) {
			last = t.ReviewDeadline
		}
	}
	what, until := fmt.Sprintf("%d deliveries", len(list.Tasks)), ", the last until "
	if len(list.Tasks) == 1 {
		what, until = "a delivery", " until "
	}
	words := fmt.Sprintf("To come: %d credits for %s in review", credits, what)
	switch more := list.Total - len(list.Tasks); {
	case more > 0:
		return fmt.Sprintf("%s, and those for %d more", words, more)
	case timed:
		return words + until + when(last)
	}
	return words
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

// demands is an option for the client of a worker, which tells of outages itself.
func (l *lines) demands() httpclient.Option {
	o := &outage{note: func(f string, v ...any) { l.log(fmt.Sprintf(f, v...)) }, now: time.Now, demandsOnly: true}
	return httpclient.WithObserver(o.heard)
}

func (l *lines) log(line string) {
	_, _ = fmt.Fprintf(l, "%s %s\n", now(), render.Line(line))
}
