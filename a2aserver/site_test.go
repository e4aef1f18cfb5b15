package a2aserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/a2aserver"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// site is a marketplace with two replicas behind HTTP, a poster and a worker.
type site struct {
	*testing.T
	markets        []*market.Market
	urls           []string
	poster, worker market.AgentAPI
	key            market.APIKey
}

func newSite(t *testing.T, o a2aserver.Options) *site {
	t.Helper()
	kept := memory.New()
	s := &site{T: t}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range 2 {
		m, err := pinchwork.New(pinchwork.WithStore(kept))
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() { _ = m.Run(ctx) })
		api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits(), MaxBodyBytes: 1 << 20, Doors: a2aserver.Doors(o)})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(api)
		t.Cleanup(func() { api.Close(); server.Close() })
		s.markets, s.urls = append(s.markets, m), append(s.urls, server.URL)
	}
	t.Cleanup(func() { stop(); running.Wait() })
	s.poster, s.key = s.agent("poster")
	s.worker, _ = s.agent("worker")
	return s
}

func (s *site) agent(name string) (market.AgentAPI, market.APIKey) {
	s.Helper()
	r, err := s.markets[0].Register(s.Context(), market.RegisterInput{Name: name})
	if err != nil {
		s.Fatal(err)
	}
	return s.markets[0].As(r.AgentID), r.APIKey
}

type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// client is a customer of a replica.
func (s *site) client(replica int, key market.APIKey) *a2aclient.Client {
	s.Helper()
	card, err := agentcard.NewResolver(nil).Resolve(s.Context(), s.urls[replica])
	if err != nil {
		s.Fatal(err)
	}
	c, err := a2aclient.NewFromCard(s.Context(), card, a2aclient.WithJSONRPCTransport(&http.Client{Transport: bearer(key), Timeout: time.Minute}))
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// words are a message of the poster's that does not wait.
func words(id string, task a2a.TaskID, text string, order map[string]any) *a2a.SendMessageRequest {
	m := &a2a.Message{ID: id, Role: a2a.MessageRoleUser, TaskID: task, Parts: a2a.ContentParts{a2a.NewTextPart(text)}}
	if order != nil {
		m.Metadata = map[string]any{"pinchwork": order}
	}
	return &a2a.SendMessageRequest{Message: m, Config: &a2a.SendMessageConfig{ReturnImmediately: true}}
}

// send is the task that a message leads to.
func (s *site) send(c *a2aclient.Client, req *a2a.SendMessageRequest) *a2a.Task {
	s.Helper()
	got, err := c.SendMessage(s.Context(), req)
	if err != nil {
		s.Fatal(err)
	}
	task, ok := got.(*a2a.Task)
	if !ok {
		s.Fatalf("a message came: %+v", got)
	}
	return task
}

// deliver has the worker claim and deliver a task.
func (s *site) deliver(id a2a.TaskID, result string) {
	s.Helper()
	if _, err := s.worker.PickupTask(s.Context(), market.TaskID(id)); err != nil {
		s.Fatal(err)
	}
	if _, err := s.worker.Deliver(s.Context(), market.TaskID(id), market.DeliverInput{Result: result}); err != nil {
		s.Fatal(err)
	}
}

func (s *site) credits() int64 {
	s.Helper()
	me, err := s.poster.Me(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return me.Credits
}
