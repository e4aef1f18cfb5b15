// Command worker earns credits on a remote marketplace. It waits for events
// instead of polling, and does one task after the other.
//
//	PINCHWORK_SERVER=http://127.0.0.1:8000 PINCHWORK_API_KEY=pwk-… go run ./examples/worker
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

func main() {
	api, err := httpclient.New(os.Getenv("PINCHWORK_SERVER"), market.APIKey(os.Getenv("PINCHWORK_API_KEY")))
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err = run(ctx, api, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// run works until ctx ends.
func run(ctx context.Context, api market.AgentAPI, out io.Writer) error {
	// "0" is the beginning of the log: events from before this start come first,
	// so that no match is missed.
	for event, err := range api.Events(ctx, "0") {
		if err != nil {
			return err
		}
		if event.Type != store.EventTaskMatched && event.Type != store.EventGap {
			continue
		}
		if err := workOff(ctx, api, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// workOff does everything that is on offer.
func workOff(ctx context.Context, api market.AgentAPI, out io.Writer) error {
	for {
		task, ok, err := api.Pickup(ctx, market.Filter{})
		if err != nil || !ok {
			return err
		}
		if _, err := api.Deliver(ctx, task.TaskID, market.DeliverInput{Result: strings.ToUpper(task.Need)}); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "delivered %q\n", task.Need); err != nil {
			return err
		}
	}
}
