package notify

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// panicked is a panic in a replaceable part, as an error. Its text is for the
// log only: it may contain anything.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// contained turns a panic of f into an error: one bad part must not end the
// process that carries the others.
func contained(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicked{value: r, stack: debug.Stack()}
		}
	}()
	return f()
}

// survives runs f, logs a panic, and reports whether there was none.
func survives(log *slog.Logger, part string, f func()) bool {
	err := contained(func() error { f(); return nil })
	if err != nil {
		var p *panicked
		if errors.As(err, &p) {
			logPanic(log, part, p)
		}
	}
	return err == nil
}

func logPanic(log *slog.Logger, part string, p *panicked) {
	log.Error("a part panicked, the others go on", "part", part, "error", p, "stack", string(p.stack))
}
