package dev_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/dev"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func TestTheDemoAgentsTradeAndNothingIsLeft(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type start struct {
		url string
		you market.Registration
	}
	ready := make(chan start, 1)
	ended, paid := make(chan error, 1), make(chan market.Task, 1)
	began := time.Now()
	go func() {
		ended <- dev.Run(ctx, dev.Options{
			Listen: "127.0.0.1:0", Every: 10 * time.Millisecond, Version: "test",
			Ready: func(url string, you market.Registration) { ready <- start{url, you} },
			Paid: func(t market.Task) {
				select {
				case paid <- t:
				default: // the first is enough
				}
			},
		})
	}()
	s := <-ready
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("ready after %v", took)
	}
	c, err := httpclient.New(s.url, s.you.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	for name := range map[string]bool{"demo-ada": true, "demo-bob": true} {
		earns(t, c, name)
	}
	posted, err := c.Post(t.Context(), market.PostInput{Need: "make this loud", MaxCredits: 5, Tags: []string{"shout"}})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := c.Task(t.Context(), posted.TaskID, 20*time.Second); err != nil || done.Result == "" {
		t.Errorf("what whoever plays has posted: %+v, %v", done, err)
	}
	if t1 := <-paid; t1.Status != market.StatusApproved || t1.Need == "" || t1.Result == "" {
		t.Errorf("the first that is paid is %+v", t1)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// earns waits until an agent has been paid for something.
func earns(t *testing.T, c *httpclient.Client, name string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		list, err := c.Agents(t.Context(), market.AgentQuery{Search: name})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Agents) == 1 && list.Agents[0].TasksCompleted > 1 && list.Agents[0].RatingCount > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s has not traded: %+v", name, list)
		}
	}
}

func TestAnAddressThatIsTakenIsAnError(t *testing.T) {
	err := dev.Run(t.Context(), dev.Options{Listen: "127.0.0.1:-1", Every: time.Second})
	if err == nil {
		t.Error("it ran")
	}
}
