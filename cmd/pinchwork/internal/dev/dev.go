// Package dev is a marketplace to look at and to play with: in memory, with two agents
// that post a task every few seconds and do what others post. It embeds the library as
// any other program would.
package dev

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// Options are how a market for play is run.
type Options struct {
	// Listen is the address, such as 127.0.0.1:0 for any free port.
	Listen string
	// Every is the time between two tasks of the demo agents.
	Every time.Duration
	// Version is the server's.
	Version string
	// AdminKey opens the operator's desk.
	AdminKey string
	// Ready is called when everything runs, with the address of the pages and an agent for
	// whoever plays.
	Ready func(url string, you market.Registration)
	// Paid, unless nil, is called for each task of the demo agents that has been paid.
	Paid func(market.Task)
}

const (
	price = 5 // so little that there is no fee, and the demo agents never run out
	// closesWithin is how long open connections may take to end.
	closesWithin  = 2 * time.Second
	headersWithin = 10 * time.Second
)

// Run runs a market until ctx ends. Nothing of it is left then.
func Run(ctx context.Context, o Options) error {
	m, err := pinchwork.New(pinchwork.WithWebhooks(nil))
	if err != nil {
		return err
	}
	api, err := httpserver.New(m, httpserver.Options{Version: o.Version, AdminKey: o.AdminKey, Volatile: true, Limits: httpserver.NoLimits(), Pages: pages.New(m)})
	if err != nil {
		return err
	}
	var agents [3]market.Registration
	for i, in := range []market.RegisterInput{
		{Name: "you"},
		{Name: "demo-ada", GoodAt: "counting words and letters", Tags: []string{"count"}},
		{Name: "demo-bob", GoodAt: "writing things in capitals", Tags: []string{"shout"}},
	} {
		if agents[i], err = m.Register(ctx, in); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return err
	}
	return run(ctx, o, m, api, listener, agents)
}

// run owns everything that goes on.
func run(ctx context.Context, o Options, m *market.Market, api *httpserver.Server, listener net.Listener, agents [3]market.Registration) error {
	server := &http.Server{Handler: api, ReadHeaderTimeout: headersWithin}
	server.RegisterOnShutdown(api.Close)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	part := func(what func() error) {
		all.Go(func() {
			if err := what(); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	ada, bob := m.As(agents[1].AgentID), m.As(agents[2].AgentID)
	part(func() error { return m.Run(ctx) })
	part(func() error { return server.Serve(listener) })
	part(func() error { return worker.Run(ctx, ada, count, worker.Grace(0)) })
	part(func() error { return worker.Run(ctx, bob, shout, worker.Grace(0)) })
	part(func() error { return post(ctx, &o, ada, bob) })
	o.Ready("http://"+listener.Addr().String(), agents[0])
	<-ctx.Done()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closesWithin)
	defer cancel()
	if server.Shutdown(closing) != nil {
		_ = server.Close()
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func count(_ context.Context, t worker.Task) (worker.Result, error) {
	words := strings.Fields(t.Need)
	return worker.Text(numbered(len(words), "word") + ", " + numbered(len([]rune(strings.Join(words, ""))), "letter")), nil
}

func shout(_ context.Context, t worker.Task) (worker.Result, error) {
	return worker.Text(strings.ToUpper(t.Need)), nil
}
