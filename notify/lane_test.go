package notify

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLaneWindowFollowsTheEndpoint(t *testing.T) {
	l := newLane()
	step := func(failed bool, took time.Duration, want int) {
		t.Helper()
		l.running++
		if l.ended(failed, took); l.window != want {
			t.Fatalf("window %d, want %d", l.window, want)
		}
	}
	step(false, time.Millisecond, firstWindow+1)
	for range maxWindow {
		l.running++
		l.ended(false, time.Millisecond)
	}
	step(false, time.Millisecond, maxWindow)
	step(false, 2*quick, maxWindowSlow)
	step(true, time.Millisecond, 1)
	step(false, 2*quick, 2)
	step(false, time.Millisecond, 3)
}

func TestLaneBoundsWhatWaits(t *testing.T) {
	l := newLane()
	for l.accept(held{}) {
	}
	if len(l.waiting) != maxWaiting {
		t.Errorf("%d wait, want %d", len(l.waiting), maxWaiting)
	}
	slow := newLane()
	slow.running++
	slow.ended(true, 0)
	for slow.accept(held{}) {
	}
	if len(slow.waiting) != maxWaitingSlow {
		t.Errorf("%d wait on a slow endpoint, want %d", len(slow.waiting), maxWaitingSlow)
	}
}

func TestLaneLetsGoOfShortLeases(t *testing.T) {
	l := newLane()
	for i := range 5 {
		l.accept(held{until: start.Add(time.Duration(i) * time.Second)})
	}
	if n := l.expire(start.Add(2500 * time.Millisecond)); n != 3 || len(l.waiting) != 2 {
		t.Errorf("%d let go, %d wait, want 3 and 2", n, len(l.waiting))
	}
	if n := l.expire(start.Add(3 * time.Second)); n != 0 {
		t.Errorf("%d let go at the last good instant, want 0", n)
	}
}

// A lane that fills up holds others back only while its endpoint answers.
func TestLaneHoldsBackWhileItMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane()
		for range maxWaiting/2 + 1 {
			l.accept(held{})
		}
		expect := func(want bool) {
			t.Helper()
			if got := l.holdsBack(time.Now()); got != want {
				t.Fatalf("holdsBack = %v, want %v", got, want)
			}
		}
		expect(true)
		time.Sleep(patience)
		expect(false)
		l.running++
		l.ended(false, time.Millisecond)
		expect(true)
		l.waiting = l.waiting[1:]
		expect(false)
		l.accept(held{})
		l.running++
		l.ended(true, time.Millisecond)
		expect(false)
	})
}
