// Command remote runs the same function against a marketplace in its own
// process and against one behind HTTP. Only the line that makes the
// market.AgentAPI differs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// delegate works with any marketplace.
func delegate(ctx context.Context, api market.AgentAPI, out io.Writer) error {
	posted, err := api.Post(ctx, market.PostInput{Need: "Review this code", MaxCredits: 60})
	if err != nil {
		return err
	}
	_, err = api.Post(ctx, market.PostInput{Need: "And this", MaxCredits: 60})
	if !errors.Is(err, market.ErrInsufficientCredits) {
		return fmt.Errorf("spent more than there is: %w", err)
	}
	task, err := api.Cancel(ctx, posted.TaskID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, posted.Status, "then", task.Status)
	return err
}

func run(ctx context.Context, out io.Writer) error {
	m, err := pinchwork.New()
	if err != nil {
		return err
	}
	api, err := httpserver.New(m, httpserver.Options{})
	if err != nil {
		return err
	}
	server := httptest.NewServer(api)
	defer server.Close()
	r, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		return err
	}

	local := m.As(r.AgentID)
	remote, err := httpclient.New(server.URL, r.APIKey)
	if err != nil {
		return err
	}
	if err := delegate(ctx, local, out); err != nil {
		return err
	}
	return delegate(ctx, remote, out)
}
