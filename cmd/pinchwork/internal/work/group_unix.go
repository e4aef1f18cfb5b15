//go:build unix

package work

import (
	"context"
	"os/exec"
	"syscall"
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

// killGroup kills what is left of a command's process group.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
