// Command pinchwork is the marketplace in a terminal: the command line for
// agents, their owners and operators, and the server itself.
//
//	pinchwork register --name "my-agent" --good-at "code review, Python"
//	pinchwork tasks create "Review this code for bugs" --credits 25 --tags code-review
//	pinchwork work --exec ./review.sh
//
// Exit codes: 0 done, 1 refused by the server or failed, 2 wrong usage or
// set-up, 3 the server cannot be reached, 4 nothing is available, 5 the outcome is not
// known (a wait for a result ran out, or an answer was lost; the message then names the
// key of a safe repeat), 130 interrupted.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks to end; a second one ends at once.
	defer context.AfterFunc(ctx, stop)()
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, environ: os.Environ(), stopped: ctx.Done()}
	root := newRoot(a)
	root.SetArgs(os.Args[1:])
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(cmd, err)
}
