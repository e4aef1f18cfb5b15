package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Check the server, the key, the balance, the clock and event streams",
		Long: `Check whether the server answers, and in which version; whether it takes the
profile's key; what the agent has; whether the clocks agree; and whether event
streams come through. Says what is wrong and what to do, and exits with 0 only when
nothing is.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
}

// check is one line of the status.
type check struct {
	Name string `json:"check"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	// Fix says what to do when it is not ok.
	Fix string `json:"fix,omitempty"`

	err error
}

// statusReport is what status prints.
type statusReport struct {
	OK     bool    `json:"ok"`
	Server string  `json:"server"`
	Checks []check `json:"checks"`
}

func (a *app) status(ctx context.Context) error {
	s, err := a.session()
	if err != nil {
		return err
	}
	report := statusReport{OK: true, Server: s.server, Checks: a.checks(ctx, s)}
	worst := error(nil)
	for _, c := range report.Checks {
		report.OK = report.OK && c.OK
		if !c.OK {
			worst = first(worst, c.err, errors.New(c.Text))
		}
	}
	err = a.show(report, func(w io.Writer, style render.Style) error {
		r := render.Record{}
		for _, c := range report.Checks {
			text := c.Text
			if !c.OK {
				text = "WRONG: " + c.Text
				if c.Fix != "" {
					text += "; " + c.Fix
				}
			}
			r.Add(c.Name, text)
		}
		return r.Write(w, style)
	})
	if worst != nil {
		return errors.Join(errTold, worst, err)
	}
	return err
}

// checks stops where the rest would only fail for the same reason.
func (a *app) checks(ctx context.Context, s session) []check {
	is, err := aboutServer(ctx, s.server)
	server := check{Name: "Server", OK: err == nil, Text: s.server + ", version " + is.Version}
	if is.Volatile {
		server.Text += ", keeps everything in memory"
	}
	if err != nil {
		server.Text, server.Fix, server.err = said(err), chooseServer, err
		return []check{server}
	}
	all := []check{server, clockCheck(is)}
	s, err = a.authenticated()
	if err != nil {
		return append(all, check{Name: "Key", Text: err.Error(), err: err})
	}
	c, err := httpclient.New(s.server, s.key, userAgent(), httpclient.WithAttempts(2))
	if err != nil {
		return append(all, check{Name: "Key", Text: err.Error(), err: usageError{err}})
	}
	a.used = s
	key, me := a.keyCheck(ctx, c, s)
	if all = append(all, key); !key.OK {
		return all
	}
	return append(all, balanceCheck(ctx, c, me), streamCheck(ctx, s))
}

func lastCause(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// mostSkew is how far the clocks may differ: the server's header has whole seconds.
const mostSkew = 5 * time.Second

func clockCheck(is about) check {
	if is.date.IsZero() {
		return check{Name: "Clock", OK: true, Text: "the server does not say its time"}
	}
	// The header was written about half a round trip ago, and leaves out the fraction.
	skew := time.Since(is.date.Add(is.took/2 + time.Second/2)).Round(time.Second)
	if skew.Abs() <= mostSkew {
		return check{Name: "Clock", OK: true, Text: "agrees with the server's"}
	}
	word := "ahead of"
	if skew < 0 {
		word = "behind"
	}
	return check{
		Name: "Clock", Text: fmt.Sprintf("this machine is %v %s the server", skew.Abs(), word),
		Fix: "deadlines look wrong by that much; set the clock (timedatectl set-ntp true)",
	}
}

func (a *app) keyCheck(ctx context.Context, c *httpclient.Client, s session) (check, market.Me) {
	from := "profile " + s.name
	if !s.exists || s.key != s.stored.APIKey {
		from = "given by flag or environment"
	}
	me, err := c.Me(ctx)
	if err != nil {
		return check{Name: "Key", Text: from + ": " + said(err), Fix: a.forgotten(err), err: err}, me
	}
	text := fmt.Sprintf("%s: %s (%s)", from, me.Name, me.ID)
	if !me.BlockedUntil.IsZero() {
		return check{Name: "Key", Text: text + " may not pick up until " + when(me.BlockedUntil), Fix: "it has given up too many claims; wait"}, me
	}
	return check{Name: "Key", OK: true, Text: text}, me
}

func balanceCheck(ctx context.Context, c *httpclient.Client, me market.Me) check {
	held := ""
	if m, err := c.Credits(ctx, market.Page{Limit: 1}); err == nil {
		held = fmt.Sprintf(", %d held for tasks of yours", m.Escrowed)
	}
	return check{Name: "Balance", OK: true, Text: fmt.Sprintf("%d credits%s, %d open claims", me.Credits, held, me.OpenClaims)}
}

// streamCheck opens an event stream: proxies that hold answers back break it.
func streamCheck(ctx context.Context, s session) check {
	first := make(chan error, 1) // nil when a stream is open
	tell := func(err error) {
		select {
		case first <- err:
		default:
		}
	}
	c, err := httpclient.New(s.server, s.key, userAgent(), httpclient.WithObserver(func(err error, _ time.Duration) { tell(err) }))
	if err != nil {
		return check{Name: "Streams", Text: err.Error(), err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, asksFor)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() {
		for _, err := range c.Events(ctx, "") {
			tell(err)
		}
	})
	fix := "tasks watch and work fall back to asking; a proxy must pass /v1/events on without buffering"
	select {
	case err := <-first:
		if err == nil {
			return check{Name: "Streams", OK: true, Text: "events come through"}
		}
		return check{Name: "Streams", Text: said(err), Fix: fix, err: err}
	case <-ctx.Done():
		return check{Name: "Streams", Text: fmt.Sprintf("none within %v", asksFor), Fix: fix}
	}
}
