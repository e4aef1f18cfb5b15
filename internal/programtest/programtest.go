// Package programtest builds the pinchwork command for tests that run it, and starts
// servers as processes of their own.
package programtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

const command = "github.com/pinchwork/pinchwork/cmd/pinchwork"

// Path is the pinchwork command, built without cgo as those of the releases are; flags are
// those of go build. The program is in Go's build cache, where each package that asks for it
// finds the same one.
func Path(t testing.TB, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds the program")
	}
	// What go run has just built it removes; the second time it runs what it has kept.
	for range 2 {
		path, err := built(flags)
		if err != nil {
			t.Fatalf("building the command: %v", err)
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("go run does not keep what it builds")
	return ""
}

func built(flags []string) (path string, err error) {
	args := append([]string{"run", "-race=false", "-exec", "echo"}, flags...)
	cmd := exec.Command("go", append(args, command)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// patience is how long a server may take to listen.
const patience = 30 * time.Second

// Listens starts a command that serves, and returns the address that it prints first. The
// command has ended when there is an error.
func Listens(cmd *exec.Cmd) (url string, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	first := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		first <- line
	}()
	err = errors.New("it says nothing")
	select {
	case line := <-first:
		_, url, found := strings.Cut(strings.TrimSpace(line), " listens on ")
		if found {
			return url, nil
		}
		err = fmt.Errorf("it says %q", line)
	case <-time.After(patience):
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return "", err
}

// Log is what a process has written so far.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all of the log.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
