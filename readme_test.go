package pinchwork_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
)

var update = flag.Bool("update", false, "write what the commands print into README.md")

// still is a clock that stands still.
type still struct{ at time.Time }

func (c still) Now() time.Time                     { return c.at }
func (still) After(time.Duration) <-chan time.Time { return nil }

// TestReadmeWalkThrough types the commands of the README and compares what
// they print. Clock and random source are fixed, so the ids are the README's.
func TestReadmeWalkThrough(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if _, curl := exec.LookPath("curl"); err != nil || curl != nil {
		t.Skip("bash and curl are needed to type the README's commands")
	}
	m, err := pinchwork.New(
		pinchwork.WithClock(still{time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)}),
		pinchwork.WithRandom(rand.NewChaCha8([32]byte{1})),
	)
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	defer server.Close()
	want, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	got := typeAll(t, bash, string(want), server.URL)
	if *update {
		if err := os.WriteFile("README.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(want) {
		t.Errorf("README.md shows something else than the commands print; run go test -run ReadmeWalkThrough . -update and read the difference\n%s", got)
	}
}

const address = "http://127.0.0.1:8000"

var console = regexp.MustCompile("(?s)```console\n(.*?)```\n")

// typeAll returns the text with what its commands print, all typed into one shell.
func typeAll(t *testing.T, bash, text, url string) string {
	const mark = "\x01\n"
	var script strings.Builder
	for _, block := range console.FindAllStringSubmatch(text, -1) {
		for _, command := range commands(block[1]) {
			script.WriteString(strings.ReplaceAll(command, address, url) + "\nprintf '\\1\\n'\n")
		}
	}
	shell := exec.Command(bash)
	shell.Stdin = strings.NewReader(script.String())
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	printed := bytes.Split(bytes.ReplaceAll(out, []byte(url), []byte(address)), []byte(mark))
	return console.ReplaceAllStringFunc(text, func(block string) string {
		var b strings.Builder
		b.WriteString("```console\n")
		for _, command := range commands(block) {
			b.WriteString("$ " + command + "\n")
			if text := strings.TrimRight(string(printed[0]), "\n"); text != "" {
				b.WriteString(text + "\n")
			}
			printed = printed[1:]
		}
		b.WriteString("```\n")
		return b.String()
	})
}

func commands(block string) (out []string) {
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, strings.TrimSpace(command))
		}
	}
	return out
}
