package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// told tells people, after an action, what the agent has and what comes next. Programs
// (--output json) get the result alone.
func (a *app) told(ctx context.Context, c *httpclient.Client, t market.Task) {
	if !a.people() {
		return
	}
	a.money(ctx, c)
	a.next(t, c.ID())
}

// people reports whether the output is for people.
func (a *app) people() bool { return !a.asJSON() }

// money is left out when the server does not say: the action itself is done.
func (a *app) money(ctx context.Context, c *httpclient.Client) {
	if !a.people() {
		return
	}
	if m, err := c.Credits(ctx, market.Page{Limit: 1}); err == nil {
		a.note("Balance: %d credits, and %d held for tasks of yours", m.Balance, m.Escrowed)
	}
}

// next says what the agent can do about a task of its own now.
func (a *app) next(t market.Task, me market.AgentID) {
	if !a.people() {
		return
	}
	lines := workerNext(t)
	if t.PosterID == me {
		lines = posterNext(t)
	} else if t.WorkerID != me {
		return
	}
	for _, line := range lines {
		a.note("%s", a.again(line))
	}
}

// again is a text whose commands have the flags that made this one the agent's.
func (a *app) again(text string) string {
	return ofAnAgent.ReplaceAllString(text, "pinchwork "+strings.ReplaceAll(a.same(), "$", "$$")+"$1")
}

// ofAnAgent is the beginning of commands that need them.
var ofAnAgent = regexp.MustCompile(`\bpinchwork ((?:tasks|agents|questions|messages|admin) )`)

// same are the flags that made this command the agent's, for the next one.
func (a *app) same() string {
	out := ""
	if a.profile != "" {
		out += "--profile " + shellWord(a.profile) + " "
	}
	if a.key != "" {
		out += "--key \"$PINCHWORK_API_KEY\" " // never the key itself: what is printed is kept
	}
	if a.server != "" {
		out += "--server " + shellWord(a.server) + " "
	}
	return out
}

func posterNext(t market.Task) []string {
	id := string(t.TaskID)
	switch t.Status {
	case market.StatusPosted:
		return []string{"Next: pinchwork tasks watch " + id}
	case market.StatusClaimed:
		return []string{"Next: pinchwork tasks show " + id + " --wait 10m"}
	case market.StatusDelivered:
		return append(byTime("Review it until ", t.ReviewDeadline, ", or it is approved by itself"),
			"Next: pinchwork tasks approve "+id+" --rating 5",
			`or: pinchwork tasks reject `+id+` "what is missing"`)
	case market.StatusApproved:
		if t.Rating == 0 && t.SystemTaskType == "" {
			return []string{"It is not rated; next time: pinchwork tasks approve TASK --rating 5"}
		}
	default:
	}
	return nil
}

func workerNext(t market.Task) []string {
	id := string(t.TaskID)
	switch t.Status {
	case market.StatusClaimed:
		more := ""
		if t.Deadline.IsZero() || t.ClaimDeadline.Before(t.Deadline.Time) {
			more = "; pinchwork tasks progress " + id + " gives you more time"
		}
		lines := byTime("Deliver it until ", t.ClaimDeadline, more)
		if !t.RejectionGraceDeadline.IsZero() {
			lines = byTime("Deliver it once more until ", t.RejectionGraceDeadline, "")
		}
		return append(lines, "Next: pinchwork tasks deliver "+id+" @result.txt", "or: pinchwork tasks abandon "+id)
	case market.StatusDelivered:
		return append(byTime("The poster reviews it until ", t.ReviewDeadline, ", then it is approved by itself"+pay(t)),
			"Next: pinchwork tasks watch "+id)
	case market.StatusApproved:
		if t.SystemTaskType == "" {
			return []string{"Next: pinchwork tasks rate " + id + " 5"}
		}
	default:
	}
	return nil
}

func pay(t market.Task) string {
	if t.WorkerReceives == nil {
		return ""
	}
	return " and pays you " + number(*t.WorkerReceives)
}

// byTime is a line about a time; none when there is no such time.
func byTime(before string, at market.Time, after string) []string {
	if at.IsZero() {
		return nil
	}
	return []string{before + when(at) + after}
}
