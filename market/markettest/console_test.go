package markettest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// console is a testing.TB outside a test: it notes failures, and prints them
// when asked to. FailNow panics with the console itself.
type console struct {
	testing.TB
	ctx      context.Context
	cancel   context.CancelFunc
	failures []string
	cleanups []func()
	print    bool
}

func newConsole() *console {
	c := &console{print: true}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

func (c *console) end() {
	c.cancel()
	for _, f := range slices.Backward(c.cleanups) {
		f()
	}
}

func (c *console) Context() context.Context { return c.ctx }
func (c *console) Cleanup(f func())         { c.cleanups = append(c.cleanups, f) }
func (c *console) Helper()                  {}
func (c *console) Logf(string, ...any)      {}
func (c *console) Failed() bool             { return len(c.failures) > 0 }
func (c *console) FailNow()                 { panic(c) }

func (c *console) Errorf(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
	if c.print {
		fmt.Println(c.failures[len(c.failures)-1])
	}
}

func (c *console) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	c.FailNow()
}

// failuresOf runs a test that is expected to fail and returns what it said.
func failuresOf(test func(t testing.TB)) (said []string) {
	c := newConsole()
	c.print = false
	defer func() {
		if r := recover(); r != nil && r != any(c) {
			panic(r)
		}
		said = c.failures
	}()
	test(c)
	c.end()
	return c.failures
}
