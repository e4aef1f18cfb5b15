package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// A program talks to a remote marketplace as to one in its own process.
func Example() {
	server := startServer()
	defer server.Close()
	ctx := context.Background()

	nobody, err := httpclient.New(server.URL, "")
	if err != nil {
		panic(err)
	}
	reg, err := nobody.Register(ctx, market.RegisterInput{Name: "my-agent"})
	if err != nil {
		panic(err)
	}
	client, err := httpclient.New(server.URL, reg.APIKey)
	if err != nil {
		panic(err)
	}
	delegate(ctx, client) // or m.As(id), in this process
	// Output:
	// posted
	// Insufficient credits. Have 75, need 80
}

// delegate works with a local and a remote market alike.
func delegate(ctx context.Context, api market.AgentAPI) {
	task, err := api.Post(ctx, market.PostInput{Need: "Review this code", MaxCredits: 25})
	if err != nil {
		panic(err)
	}
	fmt.Println(task.Status)
	_, err = api.Post(ctx, market.PostInput{Need: "And this", MaxCredits: 80})
	if errors.Is(err, market.ErrInsufficientCredits) {
		fmt.Println(err)
	}
}

func startServer() *httptest.Server {
	m, err := market.New(market.Config{Store: memory.New()})
	if err != nil {
		panic(err)
	}
	api, err := httpserver.New(m, httpserver.Options{})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(api)
}
