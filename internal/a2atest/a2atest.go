// Package a2atest runs programs on the official Python SDK of the A2A protocol, which tests
// drive the marketplace with.
//
// The interpreter is the one of PINCHWORK_A2A_PYTHON, or python3 from PATH; it needs the
// packages of requirements.txt. Without them a test is skipped, or fails when
// PINCHWORK_TEST_REQUIRE contains "a2a".
package a2atest

import (
	"bufio"
	"bytes"
	_ "embed"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

//go:embed agent.py
var agent string

//go:embed customer.py
var customer string

// Agent starts an agent that does tasks, and returns its address and the lines that it
// prints about what it is asked. The kind is the versions that it speaks, such as "1.0",
// and "silent" when it is to have no streams.
func Agent(t *testing.T, kind ...string) (address string, lines <-chan string) {
	t.Helper()
	all := start(t, agent, kind...)
	address, ok := <-all
	if !ok {
		t.Fatal("the agent does not start")
	}
	return address, all
}

// Customer has a customer live through a whole life of tasks at a marketplace, with the keys
// of a poster and a worker, over a binding such as JSONRPC or HTTP+JSON of a version such as
// 1.0. It fails the test when anything comes otherwise than it should.
func Customer(t *testing.T, address, posterKey, workerKey, binding, version string) {
	t.Helper()
	last := ""
	for line := range start(t, customer, address, posterKey, workerKey, binding, version) {
		t.Log(line)
		last = line
	}
	if last != "done" {
		t.Error("the customer gave up")
	}
}

// start runs a program until the end of the test, and returns what it prints.
func start(t *testing.T, program string, args ...string) <-chan string {
	t.Helper()
	python := interpreter(t)
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-c", program}, args...)...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait()
	})
	return lines
}

func interpreter(t *testing.T) string {
	t.Helper()
	python := os.Getenv("PINCHWORK_A2A_PYTHON")
	if python == "" {
		python = "python3"
	}
	var said bytes.Buffer
	check := exec.CommandContext(t.Context(), python, "-c", "import a2a.client, a2a.server.routes, uvicorn")
	check.Stderr = &said
	if err := check.Run(); err == nil {
		return python
	}
	if strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), "a2a") {
		t.Fatalf("%s has no A2A SDK, but PINCHWORK_TEST_REQUIRE asks for it: %s", python, said.String())
	}
	t.Skipf("%s has no A2A SDK", python)
	return ""
}
