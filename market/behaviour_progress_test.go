package market_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// A worker that shows life keeps its claim beyond the timeout, and loses it that long
// after the last sign.
func TestProgressRenewsTheClaim(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.ClaimTimeout(10*time.Minute))
		bob.Claim(id)
		for _, in := range []market.ProgressInput{{Note: "begun", Percent: new(50)}, {Percent: new(0)}, {}} {
			k.Clock.Advance(9 * time.Minute)
			k.Sweep()
			v, err := bob.API.Progress(k.Ctx, id, in)
			if err != nil || !v.ClaimDeadline.Equal(k.Clock.Now().Add(10*time.Minute)) {
				t.Fatalf("the claim lasts until %v, %v", v.ClaimDeadline, err)
			}
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			v, err := a.API.Task(k.Ctx, id, 0)
			if err != nil || v.Progress == nil || v.Progress.Note != "begun" || v.Progress.Percent == nil || *v.Progress.Percent != 0 || !v.Progress.At.Equal(k.Clock.Now()) {
				t.Errorf("a party sees %+v, %v", v.Progress, err)
			}
		}
		k.Clock.Advance(10 * time.Minute) // to the instant at which it lapses, before any timer has run
		_, err := bob.API.Progress(k.Ctx, id, market.ProgressInput{})
		if e := markettest.Refused(t, err, market.ErrConflict); e.Code != market.CodeClaimLapsed {
			t.Errorf("it is refused by %q", e.Code)
		}
		v, err := ada.API.Task(k.Ctx, id, 0)
		if err != nil || v.Status != market.StatusPosted || v.Progress != nil {
			t.Errorf("after the last sign of life it is %s with %+v, %v", v.Status, v.Progress, err)
		}
	})
}

// Progress moves neither the task's deadline nor the end of a rejection grace, and no
// claim for ever: the poster cannot cancel meanwhile.
func TestProgressDoesNotMoveEveryEnd(t *testing.T) {
	k := markettest.New(t)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	claimed := func(in market.PostInput) (market.TaskID, time.Time) {
		in.Need = "task"
		p, err := ada.API.Post(k.Ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		bob.Claim(p.TaskID)
		return p.TaskID, k.Clock.Now()
	}
	ends := func(name string, id market.TaskID, want time.Time) {
		t.Helper()
		v, err := bob.API.Progress(k.Ctx, id, market.ProgressInput{})
		if err != nil || !v.ClaimDeadline.Equal(want) {
			t.Fatalf("%s: the claim lasts until %v and not %v, %v", name, v.ClaimDeadline, want, err)
		}
	}
	id, at := claimed(market.PostInput{Deadline: time.Hour, ClaimTimeout: 40 * time.Minute})
	k.Clock.Advance(30 * time.Minute)
	ends("deadline", id, at.Add(time.Hour))
	k.Clock.Advance(30 * time.Minute)
	k.Sweep()
	_, err := bob.API.Progress(k.Ctx, id, market.ProgressInput{})
	markettest.Refused(t, err, market.ErrConflict)

	id, at = claimed(market.PostInput{ClaimTimeout: 20 * 24 * time.Hour})
	k.Clock.Advance(19 * 24 * time.Hour)
	ends("30 days", id, at.Add(30*24*time.Hour))
	k.Clock.Advance(10 * 24 * time.Hour)
	ends("30 days", id, at.Add(30*24*time.Hour))
	id, at = claimed(market.PostInput{ClaimTimeout: 60 * 24 * time.Hour})
	k.Clock.Advance(time.Hour)
	ends("a longer timeout", id, at.Add(60*24*time.Hour))

	bob.Deliver(id, "result")
	v, err := ada.API.Reject(k.Ctx, id, market.RejectInput{Reason: "no"})
	if err != nil || v.Progress != nil {
		t.Fatalf("a rejected task shows %+v, %v", v.Progress, err)
	}
	k.Clock.Advance(time.Minute)
	ends("grace", id, v.RejectionGraceDeadline.Time)
}

func TestThePosterHearsOfProgressOnceASecond(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		for range 9 {
			if _, err := bob.API.Progress(k.Ctx, id, market.ProgressInput{Note: "on", Percent: new(7)}); err != nil {
				t.Fatal(err)
			}
			k.Clock.Advance(400 * time.Millisecond)
		}
		heard := 0
		page, err := k.Store.Events(k.Ctx, ada.ID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			if e.Type == store.EventTaskProgress {
				if heard++; e.Data.Note != "on" || e.Data.Percent == nil || *e.Data.Percent != 7 || e.Task != id {
					t.Errorf("the event is %+v", e)
				}
			}
		}
		if heard != 3 {
			t.Errorf("of nine reports in 3.2 s the poster heard %d", heard)
		}
	})
}

func TestProgressIsForTheWorkerOfAClaim(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		_, err := bob.API.Progress(k.Ctx, id, market.ProgressInput{})
		markettest.Refused(t, err, market.ErrForbidden)
		bob.Claim(id)
		_, err = ada.API.Progress(k.Ctx, id, market.ProgressInput{})
		markettest.Refused(t, err, market.ErrForbidden)
		_, err = eve.API.Progress(k.Ctx, id, market.ProgressInput{})
		markettest.Refused(t, err, market.ErrNotFound)
		for _, in := range []market.ProgressInput{{Percent: new(101)}, {Percent: new(-1)}, {Note: strings.Repeat("é", 1001)}} {
			_, err = bob.API.Progress(k.Ctx, id, in)
			markettest.Refused(t, err, market.ErrInvalid)
		}
		bob.Deliver(id, "result")
		_, err = bob.API.Progress(k.Ctx, id, market.ProgressInput{})
		markettest.Refused(t, err, market.ErrConflict)
	})
}
