package notify

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const (
	// firstWindow is how many attempts an agent has under way at first,
	// maxWindow when its endpoint answers within quick, maxWindowSlow when it
	// takes longer. After a failure it is one.
	firstWindow, maxWindow, maxWindowSlow = 2, 16, 4
	quick                                 = 500 * time.Millisecond
	// maxWaiting bounds the leased deliveries that wait for an agent's window,
	// maxWaitingSlow those of an agent whose endpoint fails or is slow.
	maxWaiting, maxWaitingSlow = 128, 32
	// patience is how long a lane that fills up may keep the dispatcher from
	// leasing more, as long as its endpoint answers.
	patience = 500 * time.Millisecond
)

// lane has the deliveries of one agent that this process holds. Its window
// opens with every success and closes with a failure, so an endpoint gets no
// more requests at once than it has shown it can take.
type lane struct {
	waiting []held
	running int
	window  int
	// slow is set by the last attempt, if it failed or took long.
	slow bool
	// progress is when the lane began or last had a quick success, in real time.
	progress time.Time
}

// held is a delivery under lease.
type held struct {
	store.WebhookJob
	// until is the last instant, by the market's clock, at which an attempt
	// ends before the lease does.
	until time.Time
}

func newLane() *lane { return &lane{window: firstWindow, progress: time.Now()} }

// accept takes a delivery, or refuses it when too many wait already; a refused
// delivery is due again when its lease is over.
func (l *lane) accept(job held) bool {
	if len(l.waiting) >= maxWaiting || (l.slow && len(l.waiting) >= maxWaitingSlow) {
		return false
	}
	l.waiting = append(l.waiting, job)
	return true
}

// expire drops the deliveries whose lease has become too short for an attempt,
// and returns how many. Those held longest are at the front.
func (l *lane) expire(now time.Time) int {
	n := 0
	for n < len(l.waiting) && now.After(l.waiting[n].until) {
		n++
	}
	l.waiting = l.waiting[n:]
	return n
}

func (l *lane) ready() bool { return len(l.waiting) > 0 && l.running < l.window }

func (l *lane) next() held {
	job := l.waiting[0]
	l.waiting[0] = held{}
	l.waiting = l.waiting[1:]
	l.running++
	return job
}

// ended records how an attempt went.
func (l *lane) ended(failed bool, took time.Duration) {
	l.running--
	l.slow = failed || took > quick
	switch {
	case failed:
		l.window = 1
	case l.slow:
		l.window = min(l.window+1, maxWindowSlow)
	default:
		l.window = min(l.window+1, maxWindow)
		l.progress = time.Now()
	}
}

// holdsBack reports whether more deliveries should stay in the queue, because
// the lane would have to refuse them now but is making room.
func (l *lane) holdsBack(now time.Time) bool {
	return !l.slow && len(l.waiting) > maxWaiting/2 && now.Sub(l.progress) < patience
}

func (l *lane) idle() bool { return l.running == 0 && len(l.waiting) == 0 }
