package main

import (
	"flag"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/internal/programtest"
)

var update = flag.Bool("update", false, "write what the commands print into docs/tour.md")

const (
	tourPath    = "../../docs/tour.md"
	tourAddress = "http://127.0.0.1:8000"
)

var (
	tourBlock = regexp.MustCompile("(?s)```console\n(.*?)```\n")
	// varies is what another run prints otherwise.
	varies = regexp.MustCompile(`\b(ag|tk|pwk|le|msg)-[A-Za-z0-9_-]{16,}|\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d|\b\d\d:\d\d:\d\d\b|\b[0-9.]+m?s\b`)
)

// TestTheTour types the commands of docs/tour.md, and compares what they print but for ids
// and times. A line "…" stands for the rest of an output.
func TestTheTour(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	doc, err := os.ReadFile(tourPath)
	if err != nil {
		t.Fatal(err)
	}
	tour := &tour{t: t, url: tourServer(t), home: t.TempDir(), ids: map[string]string{}}
	got := tourBlock.ReplaceAllStringFunc(string(doc), func(block string) string {
		var b strings.Builder
		for _, step := range steps(tourBlock.FindStringSubmatch(block)[1]) {
			b.WriteString(tour.step(step[0], step[1]))
		}
		return "```console\n" + b.String() + "```\n"
	})
	if *update {
		if err := os.WriteFile(tourPath, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func tourServer(t *testing.T) string {
	m, err := pinchwork.New(pinchwork.WithRandom(rand.NewChaCha8([32]byte{7})))
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Version: "1.0.0", Limits: httpserver.NoLimits(), Pages: pages.New(m)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(func() { api.Close(); server.CloseClientConnections(); server.Close() })
	return server.URL
}

// steps are the commands of a block, each with what it prints.
func steps(block string) [][2]string {
	var out [][2]string
	for line := range strings.Lines(block) {
		if command, is := strings.CutPrefix(line, "$ "); is {
			out = append(out, [2]string{strings.TrimSuffix(command, "\n")})
			continue
		}
		out[len(out)-1][1] += line
	}
	return out
}

type tour struct {
	t         *testing.T
	url, home string
	ids       map[string]string // of the document, and what they are here
}

// step types a command and returns it with what the document should show.
func (u *tour) step(command, want string) string {
	real := command
	for shown, here := range u.ids {
		real = strings.ReplaceAll(real, shown, here)
	}
	got := u.typed(real, strings.Contains(want, "^C"))
	for i, shown := range varies.FindAllString(want, -1) {
		if here := varies.FindAllString(got, -1); i < len(here) && strings.Contains(shown, "-") {
			u.ids[shown] = here[i]
		}
	}
	begin, _, cut := strings.Cut(want, "…\n")
	if cut {
		lines := strings.SplitAfter(got, "\n")
		got = strings.Join(lines[:min(len(lines), strings.Count(begin, "\n"))], "") + "…\n"
	}
	if masked(got) != masked(want) && !*update {
		u.t.Errorf("%s prints\n%s\nthe tour shows\n%s", command, got, want)
	}
	return "$ " + real + "\n" + got
}

func masked(s string) string {
	return regexp.MustCompile(` +`).ReplaceAllString(varies.ReplaceAllString(s, "*"), " ")
}

// typed runs a command in a shell; one that is to be interrupted when it has delivered.
func (u *tour) typed(command string, interrupted bool) string {
	cmd := exec.CommandContext(u.t.Context(), "sh", "-c", "exec "+command)
	cmd.Env = append(os.Environ(), "HOME="+u.home, "XDG_CONFIG_HOME=", "PINCHWORK_SERVER="+u.url, "TZ=UTC",
		"PINCHWORK_API_KEY=", "PINCHWORK_PROFILE=", "BROWSER=", "DISPLAY=", "WAYLAND_DISPLAY=")
	cmd.Dir = filepath.Dir(u.home)
	out := &programtest.Log{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	if interrupted {
		for end := time.Now().Add(patience); !strings.Contains(out.String(), "delivered after") && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		_, _ = out.Write([]byte("^C\n"))
		_ = cmd.Process.Signal(os.Interrupt)
	}
	_ = cmd.Wait()
	return strings.ReplaceAll(out.String(), u.url, tourAddress)
}
