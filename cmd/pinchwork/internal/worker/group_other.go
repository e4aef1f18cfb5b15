//go:build !unix

package worker

import (
	"context"
	"os/exec"
)

func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/C", line)
}

// group has nothing to do where there are no process groups: the command alone
// is killed.
func group(*exec.Cmd, func() bool) {}

func killGroup(int) {}
