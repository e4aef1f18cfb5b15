package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAStreamIsBehindUntilItHasCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stream{now: time.Now}
		is := func(want bool, when string) {
			t.Helper()
			if s.behind() != want {
				t.Errorf("%s: behind is %v", when, !want)
			}
		}
		is(false, "before it opened")
		s.heard(errors.New("refused"))
		is(false, "when it cannot open")
		s.heard(nil)
		is(true, "when it has just opened")
		time.Sleep(quietFor)
		is(false, "when it brings nothing")
		s.brought()
		is(true, "when it has just brought something")
		time.Sleep(quietFor)
		s.heard(errors.New("cut"))
		time.Sleep(time.Hour)
		is(true, "when it is away")
		time.Sleep(behindFor - time.Second)
		is(true, "when it may come back")
		time.Sleep(time.Second)
		is(false, "when it stays away")
		s.heard(nil)
		time.Sleep(quietFor)
		is(false, "when it came back")
		s.heard(errors.New("cut"))
		is(true, "when it is away again")
	})
}
