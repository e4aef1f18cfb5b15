package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

const (
	streamAgents   = 500
	streamsEach    = 10
	requestsPerSec = 500
	loadFor        = 8 * time.Second
)

// serveStreams is the server of the streams benchmark, in a process of its own
// so that its memory is nobody else's. It ends with its standard input.
func serveStreams() error {
	m, err := pinchwork.New(pinchwork.WithPolicy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = 0, 0 }))
	if err != nil {
		return err
	}
	api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = m.Run(ctx) }()
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	api.Close()
	return server.Close()
}

// streams measures what 5,000 event streams cost, and how fast events reach
// them while 500 requests a second run.
func streams(ctx context.Context, table *tabwriter.Writer, _, _ int) error {
	child := exec.CommandContext(ctx, os.Args[0], "-serve-streams")
	child.Stderr = os.Stderr
	input, err := child.StdinPipe()
	if err != nil {
		return err
	}
	output, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	defer func() { _, _ = input.Close(), child.Wait() }()
	addr, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return err
	}
	f := &fans{addr: strings.TrimSpace(addr)}
	if err := f.prepare(ctx); err != nil {
		return err
	}
	before, err := resident(child.Process.Pid)
	if err != nil {
		return err
	}
	if err := f.listen(); err != nil {
		return err
	}
	after, err := resident(child.Process.Pid)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(table, "memory of each of %d streams\t%.1f KiB\t\t\t<= 32 KiB\n",
		streamAgents*streamsEach, float64(after-before)/streamAgents/streamsEach)
	if err := f.load(ctx); err != nil {
		return err
	}
	late := f.close()
	if len(late) == 0 {
		return errors.New("no event arrived")
	}
	_, _ = fmt.Fprintf(table, "event to its reader, p99 of %d at %d requests/s\t%v\t\t\t< 50ms\n",
		len(late), requestsPerSec, late[len(late)*99/100].Round(100*time.Microsecond))
	return nil
}

// resident is the resident memory of a process in KiB.
func resident(pid int) (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.Atoi(strings.Fields(value)[0])
		}
	}
	return 0, errors.New("no VmRSS")
}

// fans are agents that listen, and a worker that sends them messages.
type fans struct {
	addr   string
	keys   []string
	tasks  []market.TaskID
	worker *httpclient.Client

	conns []net.Conn
	wait  sync.WaitGroup
	mu    sync.Mutex
	late  []time.Duration
}

func (f *fans) prepare(ctx context.Context) error {
	anybody, err := httpclient.New("http://"+f.addr, "")
	if err != nil {
		return err
	}
	r, err := anybody.Register(ctx, market.RegisterInput{Name: "worker"})
	if err != nil {
		return err
	}
	if f.worker, err = httpclient.New("http://"+f.addr, r.APIKey); err != nil {
		return err
	}
	for range streamAgents {
		r, err := anybody.Register(ctx, market.RegisterInput{Name: "fan"})
		if err != nil {
			return err
		}
		c, err := httpclient.New("http://"+f.addr, r.APIKey)
		if err != nil {
			return err
		}
		posted, err := c.Post(ctx, market.PostInput{Need: "talk to me"})
		if err != nil {
			return err
		}
		if _, err := f.worker.PickupTask(ctx, posted.TaskID); err != nil {
			return err
		}
		f.keys, f.tasks = append(f.keys, string(r.APIKey)), append(f.tasks, posted.TaskID)
	}
	return nil
}

// listen opens all streams and waits until each is answered.
func (f *fans) listen() error {
	for _, key := range f.keys {
		for range streamsEach {
			conn, err := net.Dial("tcp", f.addr)
			if err != nil {
				return err
			}
			f.conns = append(f.conns, conn)
			_, err = fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", key)
			if err != nil {
				return err
			}
			lines := bufio.NewReaderSize(conn, 1024)
			for line := ""; !strings.HasPrefix(line, ": stream open"); {
				if line, err = lines.ReadString('\n'); err != nil {
					return err
				}
			}
			f.wait.Go(func() { f.read(lines) })
		}
	}
	return nil
}

// read notes how old each event is when it arrives.
func (f *fans) read(lines *bufio.Reader) {
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		data, ok := strings.CutPrefix(line, "data: ")
		var event struct {
			At time.Time `json:"at"`
		}
		if !ok || json.Unmarshal([]byte(data), &event) != nil {
			continue
		}
		late := time.Since(event.At)
		f.mu.Lock()
		f.late = append(f.late, late)
		f.mu.Unlock()
	}
}

func (f *fans) load(ctx context.Context) error {
	tick := time.NewTicker(time.Second / requestsPerSec)
	defer tick.Stop()
	var wait sync.WaitGroup
	errs := make(chan error, requestsPerSec*int(loadFor/time.Second)+1)
	for i := range requestsPerSec * int(loadFor/time.Second) {
		<-tick.C
		wait.Go(func() {
			_, err := f.worker.SendMessage(ctx, f.tasks[i*7919%len(f.tasks)], "hello")
			errs <- err
		})
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// close ends the streams and returns the ages of all events, sorted.
func (f *fans) close() []time.Duration {
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.wait.Wait()
	slices.Sort(f.late)
	return f.late
}
