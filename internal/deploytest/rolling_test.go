package deploytest

import (
	"bufio"
	"bytes"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/programtest"
)

const (
	// serveOn is the delay of the replicas, and idle for how long the proxy keeps a
	// connection: both are shorter than by default, for the sake of the test's time.
	serveOn = 2 * time.Second
	idle    = time.Second
)

// Both replicas are replaced one right after the other, as the page says, while clients
// post, read and listen: not one request fails, and no event is lost.
func TestAnUpgradeFailsNoRequest(t *testing.T) {
	for name, start := range map[string]func(*site){
		"nginx": func(s *site) { s.nginx(idle) },
		"caddy": func(s *site) { s.caddy(idle) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := programtest.Path(t)
			s, replicas := newProcesses(t, program)
			start(s)
			clients := s.underLoad()
			for _, r := range replicas {
				r.end()
				r.start()
				run(t, program, "health", "--ready", "--wait", "60s", "--listen", r.address)
			}
			clients.end()
			if t.Failed() {
				for _, r := range replicas {
					t.Logf("%s:\n%s", r.address, r.log)
				}
			}
		})
	}
}

// process is a replica as an operator has it.
type process struct {
	t                       *testing.T
	program, address, store string
	log                     *programtest.Log
	cmd                     *exec.Cmd
}

func newProcesses(t *testing.T, program string) (*site, []*process) {
	s, file := &site{t: t, log: &programtest.Log{}}, "sqlite:"+filepath.Join(t.TempDir(), "market.db")
	var all []*process
	for range 2 {
		p := &process{t: t, program: program, address: "127.0.0.1:" + freePort(t), store: file, log: &programtest.Log{}}
		p.start()
		t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
		all, s.addresses = append(all, p), append(s.addresses, p.address)
	}
	s.calls()
	return s, all
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.program, "serve", "--store", p.store, "--listen", p.address, "--drain-delay", serveOn.String(), "--log-level", "warn",
		"--rate-limits", "off", "--initial-credits", "100000", "--max-open-claims", "0", "--newcomer-claims", "0", "--trusted-proxies", "127.0.0.1/32")
	p.cmd.Stderr = p.log
	if _, err := programtest.Listens(p.cmd); err != nil {
		p.t.Fatalf("%v\n%s", err, p.log)
	}
}

// end asks the replica to end, and waits.
func (p *process) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("a replica ended with %v", err)
	}
}

// clients are those that use a site all the time.
type clients struct {
	*site
	poster, worker, idle string
	// over ends those who ask, and quiet is closed when they have ended.
	over, quiet      chan struct{}
	asking, listener sync.WaitGroup

	mu       sync.Mutex
	requests int
	failures []string
	// claimed are the tasks of whose claim the poster has not heard yet.
	claimed map[string]bool
	heard   int
	slowest time.Duration
}

// pace is the time between two requests of a client.
const pace = 10 * time.Millisecond

func (s *site) underLoad() *clients {
	c := &clients{site: s, poster: s.register("poster"), worker: s.register("worker"), idle: s.register("idle"), over: make(chan struct{}), quiet: make(chan struct{}), claimed: map[string]bool{}}
	listening := make(chan struct{})
	c.listener.Go(func() { c.listen(sync.OnceFunc(func() { close(listening) })) })
	<-listening
	for range 3 {
		c.asking.Go(func() { c.repeat(c.trade) })
		c.asking.Go(func() { c.repeat(func() { c.ask("GET", "/v1/tasks/mine?limit=1", c.poster, nil, nil) }) })
	}
	for range 2 { // those that always wait for a task
		c.asking.Go(func() {
			c.repeat(func() {
				c.ask("POST", "/v1/tasks/pickup", c.idle, map[string]any{"wait": 3, "tags": []string{"none"}}, nil)
			})
		})
	}
	return c
}

func (c *clients) repeat(what func()) {
	for tick := time.Tick(pace); ; {
		select {
		case <-tick:
			what()
		case <-c.over:
			return
		}
	}
}

// end ends the load once the stream has told all, and says what failed.
func (c *clients) end() {
	close(c.over)
	c.asking.Wait()
	close(c.quiet)
	c.listener.Wait()
	if len(c.failures) > 0 {
		c.t.Errorf("%d of %d requests failed: %s", len(c.failures), c.requests, strings.Join(c.failures[:min(10, len(c.failures))], "\n"))
	}
	if len(c.claimed) > 0 || c.heard == 0 {
		c.t.Errorf("%d events came, %d did not", c.heard, len(c.claimed))
	}
	if least := 100; c.requests < least {
		c.t.Errorf("%d requests are no load", c.requests)
	}
	c.t.Logf("%d requests, the slowest %v; %d events", c.requests, c.slowest, c.heard)
}

// trade posts a task, which a worker claims.
func (c *clients) trade() {
	var task struct {
		ID string `json:"task_id"`
	}
	if !c.ask("POST", "/v1/tasks", c.poster, map[string]any{"need": "x", "max_credits": 1}, &task) {
		return
	}
	c.mu.Lock()
	c.claimed[task.ID] = true
	c.mu.Unlock()
	c.ask("POST", "/v1/tasks/"+task.ID+"/pickup", c.worker, nil, nil)
}

func (c *clients) ask(method, path, key string, body, answer any) bool {
	var data []byte
	if body != nil {
		data, _ = json.Marshal(body)
	}
	began := time.Now()
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(data))
	if err != nil {
		return c.answered(began, err.Error())
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", crand.Text()) // as the clients of this project do
	}
	res, err := c.client.Do(r)
	if err != nil {
		return c.answered(began, fmt.Sprintf("%s %s: %v", method, path, err))
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return c.answered(began, fmt.Sprintf("%s %s: %d %.200s, %v", method, path, res.StatusCode, text, err))
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			return c.answered(began, err.Error())
		}
	}
	return c.answered(began, "")
}

func (c *clients) answered(began time.Time, failure string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.slowest = max(c.slowest, time.Since(began))
	if failure != "" {
		c.failures = append(c.failures, failure)
	}
	return failure == ""
}

// listen follows the poster's events from stream to stream, until nobody asks any more and it
// has heard of each claim.
func (c *clients) listen(listening func()) {
	defer listening()
	last, next, late := "", "", make(<-chan time.Time)
	for done := false; !done; {
		r, _ := http.NewRequest(http.MethodGet, c.url+"/v1/events", nil)
		r.Header.Set("Authorization", "Bearer "+c.poster)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		res, err := c.client.Do(r) //nolint:bodyclose // closed when its reader is not asked any more
		if err != nil || res.StatusCode != http.StatusOK {
			c.answered(time.Now(), fmt.Sprintf("the stream: %v, %v", res, err))
			return
		}
		lines := make(chan string)
		go func() {
			defer close(lines)
			for scanner := bufio.NewScanner(res.Body); scanner.Scan(); {
				lines <- scanner.Text()
			}
		}()
		quiet := c.quiet
		for open := true; open && !done; {
			var line string
			select {
			case line, open = <-lines:
				if id, is := strings.CutPrefix(line, "id: "); is {
					next = id
				} else if line == "" && open { // the event is whole
					last = next
					listening()
				}
				c.hear(line)
			case <-quiet:
				quiet, late = nil, time.After(10*time.Second)
			case <-late:
				done = true
			}
			c.mu.Lock()
			done = done || quiet == nil && len(c.claimed) == 0
			c.mu.Unlock()
		}
		_ = res.Body.Close()
		for range lines {
			// until its reader has ended
		}
	}
}

// hear notes an event.
func (c *clients) hear(line string) {
	data, is := strings.CutPrefix(line, "data: ")
	if !is {
		return
	}
	var event struct {
		Task string `json:"task_id"`
	}
	_ = json.Unmarshal([]byte(data), &event)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.claimed, event.Task)
	c.heard++
}
