//go:build unix

package work

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
	"time"
)

func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "/bin/sh", "-c", line)
}

// group gives the command a process group of its own, so that it can be ended
// with everything it started, and so that Ctrl-C in a terminal reaches only
// this process.
func group(cmd *exec.Cmd, atOnce func() bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if atOnce() {
			return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
}

const groupPoll = 20 * time.Millisecond

// endGroup waits until what is left of a command's process group has ended, at most
// until the time that it has for it or until it is to end at once, and kills the rest.
func endGroup(pid int, until time.Time, atOnce func() bool) {
	for time.Now().Before(until) && !atOnce() {
		if errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(groupPoll)
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}
