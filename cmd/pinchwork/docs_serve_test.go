package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/programtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
)

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	servedLine = regexp.MustCompile(`(?m)^(?:[A-Z_]+=\S+ )?pinchwork serve\b.*\n`)
)

// Each line of docs/serve.md that starts a server does. Ports, folders and stores are those
// of the test; without Postgres or Redis on the machine their lines are left out.
func TestTheDocumentsServe(t *testing.T) {
	page, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	served := 0
	for _, block := range shellBlock.FindAllStringSubmatch(string(page), -1) {
		before := servedLine.ReplaceAllString(block[1], "")
		for _, line := range servedLine.FindAllString(block[1], -1) {
			served++
			line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
			t.Run(line, func(t *testing.T) {
				if _, err := exec.LookPath("openssl"); err != nil && strings.Contains(before, "openssl") {
					t.Skip(err)
				}
				servesAndEnds(t, before, atHand(t, line))
			})
		}
	}
	if served < 7 {
		t.Errorf("the page starts %d servers", served)
	}
}

// atHand puts a store of the test for one that a line names.
func atHand(t *testing.T, line string) string {
	const redis, postgres = "redis://localhost:6379/0", "postgres://user@localhost/db"
	switch {
	case strings.Contains(line, redis):
		return strings.ReplaceAll(line, redis, redistest.Start(t).URL())
	case strings.Contains(line, postgres):
		return strings.ReplaceAll(line, postgres, "'"+pgtest.NewServer(t, "fsync=off").URL()+"'")
	}
	return line
}

// servesAndEnds types what stands before a line, runs the line until its server is ready,
// and ends it.
func servesAndEnds(t *testing.T, before, line string) {
	folder := t.TempDir()
	line = strings.ReplaceAll(line, "sqlite:/var/lib", "sqlite:"+filepath.ToSlash(folder))
	line = strings.ReplaceAll(line, "--listen :8000", "--listen :0")
	if !strings.Contains(line, "--listen") {
		line += " --listen 127.0.0.1:0"
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", before+"exec env "+line)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME=")
	log := &programtest.Log{}
	cmd.Stderr = log
	url, err := programtest.Listens(cmd)
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, log)
	}
	if !ready(strings.ReplaceAll(url, "[::]", "127.0.0.1")) {
		t.Errorf("%s: not ready in time: %s", line, log)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s ended with %v: %s", line, err, log)
	}
}

// ready says whether a server can serve before patience is over.
func ready(url string) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		res, err := http.Get(url + "/readyz")
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return true
		}
	}
	return false
}
