//go:build !unix

package work

import (
	"context"
	"os/exec"
	"time"
)

func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/C", line)
}

// group does nothing here: without process groups only the command itself is
// killed.
func group(*exec.Cmd, func() bool) {}

func endGroup(int, time.Time, func() bool) {}
