package main

import (
	"context"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

func TestExample(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	defer func() { api.Close(); server.Close() }()
	p, err := m.Register(t.Context(), market.RegisterInput{Name: "poster"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Register(t.Context(), market.RegisterInput{Name: "worker", Tags: []string{"loud"}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpclient.New(server.URL, w.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, client, io.Discard) }()

	posted, err := m.As(p.AgentID).Post(t.Context(), market.PostInput{Need: "make this loud", Tags: []string{"loud"}, Wait: time.Minute})
	if err != nil || posted.Task == nil || posted.Task.Result != "MAKE THIS LOUD" {
		t.Errorf("the wait ended with %+v, %v", posted, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the worker ended with %v", err)
	}
}
