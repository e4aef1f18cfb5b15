package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
	"github.com/pinchwork/pinchwork/httpclient"
)

const (
	// healthFor is less than what supervisors wait.
	healthFor = 3 * time.Second
	// askEvery is the time between two questions of somebody who waits.
	askEvery = 200 * time.Millisecond
)

func newHealth() *cobra.Command {
	var ready bool
	wait := span{unit: time.Second}
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the server on this machine whether it runs",
		Long: `Ask the server on this machine whether it runs, for supervisors of containers, in
which nothing else could ask. It takes the address from the settings that serve
takes it from, and ends with 0 for yes, 1 for no and 3 where nothing listens. A server
that was just started listens once its store is open: --wait asks until then. A server
elsewhere is asked by: pinchwork status.`,
		Example: "  pinchwork health --ready --wait 60s",
		Args:    args(cobra.NoArgs),
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "ask whether it can serve requests, its store included")
	cmd.Flags().Var(&wait, "wait", "ask again until the answer is yes, for this long at most (seconds, or a time like 1m); exits with 1 or 3 after that")
	read := settingFlags(cmd, serve.ListenSettings())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		path := "/health"
		if ready {
			path = "/readyz"
		}
		err = healthyWithin(cmd.Context(), "http://"+reachable(s.Listen), path, wait.d)
		if errors.Is(err, httpclient.ErrUnreachable) {
			err = hinted{err, "That is where serve listens by --listen, PINCHWORK_LISTEN or the file of --config; a server elsewhere is asked by: pinchwork status"}
		}
		return err
	}
	return cmd
}

// reachable is the address at which a server that listens there is reached from here.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// healthyWithin asks until the answer is yes or the time is over.
func healthyWithin(ctx context.Context, server, path string, wait time.Duration) error {
	for end := time.Now().Add(wait); ; {
		err := healthy(ctx, server, path)
		if err == nil || errors.As(err, new(usageError)) || time.Until(end) < askEvery {
			return err
		}
		select {
		case <-time.After(askEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func healthy(ctx context.Context, server, path string) error {
	ctx, cancel := context.WithTimeout(ctx, healthFor)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path, nil)
	if err != nil {
		return usagef("%s cannot be asked: %w", server, err)
	}
	// A proxy in the environment is for elsewhere.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		if os.IsTimeout(err) {
			err = fmt.Errorf("no answer within %s", healthFor)
		}
		return absent(server, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s%s says %s", server, path, res.Status)
	}
	return nil
}
