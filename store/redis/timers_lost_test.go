package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
)

// A restore of a part of the keys can leave the tasks and lose their timers: the
// audit says so, and a running market sets them again.
func TestLostTimersAreNamedAndSetAgain(t *testing.T) {
	s := open(t, redistest.Start(t).URL())
	m := must(market.New(market.Config{Store: s}))
	ada := must(m.Register(t.Context(), market.RegisterInput{Name: "ada"}))
	posted := must(m.As(ada.AgentID).Post(t.Context(), market.PostInput{Need: "a task that expires"}))
	if n := must(s.Client().Del(t.Context(), "{pinchwork}:due").Result()); n != 1 {
		t.Fatalf("%d keys hold the timers", n)
	}
	report := must(m.Audit(t.Context()))
	if report.OK || len(report.Problems) != 1 || !strings.Contains(report.Problems[0], string(posted.TaskID)) {
		t.Errorf("the audit says %+v", report)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	await(t, "the timer to be set again", func() bool {
		agenda := must(s.Due(t.Context(), time.Now().Add(100*time.Hour), 10))
		return len(agenda.Tasks) == 1 && agenda.Tasks[0] == posted.TaskID
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if report := must(m.Audit(t.Context())); !report.OK {
		t.Errorf("the audit says %+v", report)
	}
}
