package httpserver

import (
	"context"
	"net/http"
	"runtime"
	"sync"

	"github.com/pinchwork/pinchwork/market"
)

const (
	// maxUnderWay bounds the large answers that clients have not read yet, in
	// bytes, and maxOwn those of one caller. Otherwise a few hundred clients that
	// do not read could use up all memory.
	maxUnderWay = 128 << 20
	maxOwn      = 32 << 20
)

// underWay counts the bytes of large answers that are being sent.
type underWay struct {
	mu  sync.Mutex
	all int64
	own map[string]int64
}

// add counts an answer; false when it is too much for the caller, or for all.
func (u *underWay) add(caller string, n int64) (own, all bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if own, all = u.own[caller]+n <= maxOwn, u.all+n <= maxUnderWay; own && all {
		u.count(caller, n)
	}
	return own, all
}

func (u *underWay) count(caller string, n int64) {
	if u.own == nil {
		u.own = map[string]int64{}
	}
	u.all += n
	if u.own[caller] += n; u.own[caller] == 0 {
		delete(u.own, caller)
	}
}

func (u *underWay) remove(caller string, n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count(caller, -n)
}

var (
	errOwnUnderWay = refuse(market.CodeRateLimited, "Too many large answers to you are still being sent, read them first")
	errAllUnderWay = refuse(market.CodeUnavailable, "Too many large answers are being sent, try again shortly")
)

// making lets half of the processors encode large answers, so that the others
// stay free for other requests.
type making chan struct{}

func newMaking() making { return make(making, max(1, runtime.GOMAXPROCS(0)/2)) }

// beginLarge counts an answer with this much text, if it is large, until sent
// is called, and waits for its turn to be encoded, which lasts until made is
// called. When too many are under way, reads are refused; answers to changes
// are always sent.
func (c *call) beginLarge(text int) (made, sent func(), err error) {
	if text <= bigAnswer || c.request.Method != http.MethodGet {
		return func() {}, func() {}, nil
	}
	if sent, err = c.countLarge(text); err != nil {
		return nil, nil, err
	}
	s := c.server
	select {
	case s.making <- struct{}{}:
		return sync.OnceFunc(func() { <-s.making }), sent, nil
	case <-c.ctx.Done():
		sent()
		return nil, nil, context.Cause(c.ctx)
	}
}

// countLarge counts what is being sent, if it is large, until sent is called.
func (c *call) countLarge(size int) (sent func(), err error) {
	if size <= bigAnswer {
		return func() {}, nil
	}
	s, caller, n := c.server, c.caller(), int64(size)
	switch own, all := s.underWay.add(caller, n); {
	case !own:
		return nil, errOwnUnderWay
	case !all:
		return nil, errAllUnderWay
	}
	return func() { s.underWay.remove(caller, n) }, nil
}

// textSize is the length of the texts in an answer that may have many.
func textSize(answer any) (n int) {
	switch v := answer.(type) {
	case market.Task:
		n = taskSize(&v)
	case market.TaskList:
		for i := range v.Tasks {
			n += taskSize(&v.Tasks[i])
		}
	case market.BrowseList:
		for i := range v.Tasks {
			n += len(v.Tasks[i].Need) + len(v.Tasks[i].Context)
		}
	case market.QuestionList:
		for i := range v.Questions {
			n += len(v.Questions[i].Question) + len(v.Questions[i].Answer)
		}
	case market.MessageList:
		for i := range v.Messages {
			n += len(v.Messages[i].Message)
		}
	}
	return n
}

func taskSize(t *market.Task) int {
	return len(t.Need) + len(t.Context) + len(t.Result)
}

// caller names what the bound belongs to: an agent, or a client address.
func (c *call) caller() string {
	if c.agent != "" {
		return string(c.agent)
	}
	return addressBucket(c.server.ClientAddress(c.request))
}
