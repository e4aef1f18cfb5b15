package markettest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/pinchwork/pinchwork/internal/gatestore"
)

// Faults makes the market's store fail or wait, as one does that is far away.
//
//	faults := new(markettest.Faults)
//	k := markettest.New(t, markettest.Faulty(faults))
//	faults.Fail(markettest.Behind, "Commit*", 1) // the next commit is made, and its caller is told that it failed
//
// A fault meets the calls of one method of market.Store, or, when the name ends in *, of
// all whose names begin so: "Commit*" is every write of an operation, "*" every call. The
// kit itself reads past it: only what the market calls can fail. A scripted step that
// meets a fault fails the test like any other that is refused, so use Agent.API there;
// Advance and Sweep try again. The zero Faults changes nothing, and all methods may be
// called by many goroutines at any time.
type Faults struct{ gates gatestore.Gates }

// Moment is when a call meets a fault.
type Moment int

// Before the store sees the call, or Behind it: then the store has done what it was asked
// to, and its caller does not learn of it.
const (
	Before = Moment(gatestore.Before)
	Behind = Moment(gatestore.Behind)
)

// Faulty puts the Faults between the market and its store.
func Faulty(f *Faults) Option { return func(o *settings) { o.faults = f } }

var errFault = errors.New("markettest: the store does not answer")

// Fail makes the next calls of the method fail, so many, or all when times is below 0.
func (f *Faults) Fail(at Moment, method string, times int) {
	f.gates.On(gatestore.Side(at), method, times, func(context.Context) error { return errFault })
}

// FailEvery makes the nth call of the method fail, from now on, and each nth after it.
func (f *Faults) FailEvery(n int, at Moment, method string) {
	var met atomic.Int64
	f.gates.On(gatestore.Side(at), method, -1, func(context.Context) error {
		if met.Add(1)%int64(n) == 0 {
			return errFault
		}
		return nil
	})
}

// Hold lets the next calls of the method wait, so many, or all when times is below 0,
// until they are released or their context ends. held is closed when the first waits.
func (f *Faults) Hold(at Moment, method string, times int) (held <-chan struct{}, release func()) {
	g := f.gates.Hold(gatestore.Side(at), method, times)
	return g.Reached, g.Open
}

// Clear takes all faults away. Calls that are held stay so until they are released.
func (f *Faults) Clear() { f.gates.Clear() }
