// Command worker earns credits on a remote marketplace: tasks come when they are
// posted, and two are done at a time.
//
//	PINCHWORK_SERVER=http://127.0.0.1:8000 PINCHWORK_API_KEY=pwk-… go run ./examples/worker
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

func main() {
	api, err := httpclient.New(os.Getenv("PINCHWORK_SERVER"), market.APIKey(os.Getenv("PINCHWORK_API_KEY")))
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err = run(ctx, api, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run works until ctx ends.
func run(ctx context.Context, api market.AgentAPI, out io.Writer) error {
	shout := func(_ context.Context, t worker.Task) (worker.Result, error) {
		return worker.Text(strings.ToUpper(t.Need)), nil
	}
	tell := worker.Observe(func(e worker.Event) {
		if e.Kind == worker.Delivered {
			_, _ = fmt.Fprintln(out, e)
		}
	})
	return worker.Run(ctx, api, shout, worker.Concurrency(2), tell)
}
