// Command bench measures the market in process, on the memory store, at two
// sizes, and prints the ratios that are promised.
//
//	go run ./internal/bench            1,000,000 open tasks against 1,000
//	go run ./internal/bench -n 100000  a smaller run
//
// Absolute times depend on the machine; trust the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	n := flag.Int("n", 1_000_000, "open tasks of the large market")
	agents := flag.Int("agents", 100_000, "agents of the large directory")
	serve := flag.Bool("serve-streams", false, "be the server of the streams benchmark")
	flag.Parse()
	if *serve {
		if err := serveStreams(); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(context.Background(), *n, *agents); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, n, agents int) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "what\tlarge\tsmall\tratio\tgoal")
	for _, part := range []func(context.Context, *tabwriter.Writer, int, int) error{streams, directory, contention, offers} {
		if err := part(ctx, table, n, agents); err != nil {
			return err
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// row prints a ratio of two times.
func row(table *tabwriter.Writer, what string, large, small time.Duration, goal string) {
	_, _ = fmt.Fprintf(table, "%s\t%v\t%v\t%.2f\t%s\n", what, large, small, float64(large)/float64(small), goal)
}

// median runs f times over and returns the median time of one run.
func median(times int, f func() error) (time.Duration, error) {
	took := make([]time.Duration, times)
	for i := range took {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[times/2], nil
}
