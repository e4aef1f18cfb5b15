package httpserver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		parent, end := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
		defer end()

		quiet, cancel := withDeadline(parent, time.Second)
		defer cancel()
		watched, stop := withDeadline(parent, time.Second)
		defer stop()
		child, stopChild := context.WithCancel(watched)
		defer stopChild()
		if at, ok := quiet.Deadline(); !ok || !at.Equal(time.Now().Add(time.Second)) {
			t.Errorf("deadline %v, %v", at, ok)
		}
		if quiet.Value(key{}) != "v" || child.Value(key{}) != "v" {
			t.Error("values are lost")
		}
		if quiet.Err() != nil || child.Err() != nil {
			t.Error("over before its time")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for name, ctx := range map[string]context.Context{"quiet": quiet, "watched": watched, "child": child} {
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
				t.Errorf("%s: %v, %v", name, ctx.Err(), context.Cause(ctx))
			}
		}
		<-quiet.Done()

		for _, before := range []bool{true, false} { // Done is asked for before the end, or after
			ctx, cancel := withDeadline(parent, time.Hour)
			if before {
				ctx.Done()
			}
			cancel()
			if <-ctx.Done(); !errors.Is(ctx.Err(), context.Canceled) {
				t.Errorf("cancelled: %v", ctx.Err())
			}
		}
		unasked, cancel2 := withDeadline(parent, time.Hour)
		cancel2()
		if !errors.Is(unasked.Err(), context.Canceled) {
			t.Errorf("cancelled, not asked: %v", unasked.Err())
		}

		ctx, cancel3 := withDeadline(parent, time.Hour)
		defer cancel3()
		end()
		if !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("parent gone: %v", ctx.Err())
		}
		<-ctx.Done()
	})
}
