package work

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/worker"
)

// TokenVariable names the environment variable with the secret for the agent that does
// the tasks.
const TokenVariable = "PINCHWORK_AGENT_TOKEN"

// Address parses the http or https address of an agent that does tasks. It holds no
// password, and a token goes over plain http to this machine alone.
func Address(address, token string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("the agent's address must be an http or https URL")
	case u.User != nil:
		return nil, errors.New("the agent's address must hold no password; set " + TokenVariable)
	case token != "" && u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New(TokenVariable + " is sent over https alone, except to this machine")
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Client follows no redirect, so that neither a task nor a token goes anywhere but to the
// address that was given. It has no time limit: the requests' contexts have.
func Client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// WithoutURL leaves out the address, whose query may hold a secret.
func WithoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

const (
	mostNote   = 1000
	notesEvery = time.Second
)

// Notes hands on what an agent tells of a task under way, at most once a second and as
// far as the marketplace takes it. That it may fail is no reason to stop.
type Notes struct {
	Task worker.Task
	last time.Time
}

// Tell hands a note on; percent is less than 0 for none.
func (n *Notes) Tell(ctx context.Context, note string, percent int) {
	if note == "" && percent < 0 || time.Since(n.last) < notesEvery {
		return
	}
	n.last = time.Now()
	text := []rune(strings.ToValidUTF8(strings.ReplaceAll(note, "\x00", ""), "\ufffd"))
	_ = n.Task.Progress(ctx, string(text[:min(len(text), mostNote)]), min(percent, 100))
}

// Line is the beginning of a text on one line, for messages.
func Line(s string) string {
	r := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " "))
	return string(r[:min(len(r), 200)])
}

// Sleep waits, and ends with ctx's error when that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
