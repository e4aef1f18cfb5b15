package mcptest

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// marketplace is a running `pinchwork serve` with two agents.
type marketplace struct {
	program, url   string
	poster, worker market.APIKey
}

// start builds the program once and serves until the end of the test.
func start(t *testing.T) *marketplace {
	t.Helper()
	m := &marketplace{program: build(t)}
	m.url = serve(t, m.program)
	m.poster, m.worker = register(t, m.url, "poster"), register(t, m.url, "worker")
	return m
}

var build = func() func(t *testing.T) string {
	var once sync.Once
	var path string
	return func(t *testing.T) string {
		t.Helper()
		once.Do(func() {
			path = filepath.Join(folder, "pinchwork")
			if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/pinchwork/pinchwork/cmd/pinchwork").CombinedOutput(); err != nil {
				t.Fatalf("building the program: %v\n%s", err, out)
			}
		})
		return path
	}
}()

// folder has the program for all tests.
var folder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "mcptest"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		return m.Run()
	}())
}

func serve(t *testing.T, program string) (address string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--rate-limits", "off")
	cmd.Env = append(os.Environ(), "PINCHWORK_CONFIG=")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), " listens on ")
	if err != nil || !found {
		t.Fatalf("the server says %q, %v", line, err)
	}
	return address
}

func register(t *testing.T, server, name string) market.APIKey {
	t.Helper()
	c, err := httpclient.New(server, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Register(t.Context(), market.RegisterInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return got.APIKey
}

func (m *marketplace) environment() []string {
	return append(os.Environ(), "MCP_URL="+m.url+"/mcp", "POSTER_KEY="+string(m.poster), "WORKER_KEY="+string(m.worker), "PINCHWORK="+m.program)
}

// run runs a program of an outsider, and shows what it says.
func run(t *testing.T, environment []string, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment, t.Output(), t.Output()
	if err := cmd.Run(); err != nil {
		t.Errorf("%s %v: %v", program, args, err)
	}
}

func TestTheOfficialPythonClientLivesALife(t *testing.T) {
	python := os.Getenv("PINCHWORK_MCP_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import mcp").Run(); err != nil {
		missing(t, python+" has no package mcp")
	}
	run(t, start(t).environment(), python, "life.py")
}

func TestTheOfficialTypeScriptClientLivesALife(t *testing.T) {
	needModules(t)
	run(t, start(t).environment(), "node", "life.mjs")
}

// The suite sends no key, which an outer server adds. What fails has to be what the
// baseline says, no more and no less.
func TestTheOfficialConformanceSuite(t *testing.T) {
	needModules(t)
	m := start(t)
	to, err := url.Parse(m.url)
	if err != nil {
		t.Fatal(err)
	}
	outer := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("Authorization", "Bearer "+string(m.poster))
	}})
	defer outer.Close()
	run(t, os.Environ(), "node", "--import", "./node20.mjs", "node_modules/@modelcontextprotocol/conformance/dist/index.js",
		"server", "--url", outer.URL+"/mcp", "--suite", "all", "--expected-failures", "baseline.yml")
}

// Whoever has no key gets no further than the door.
func TestWithoutAKeyNobodyGetsIn(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	m := start(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.url+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	if w.StatusCode != http.StatusUnauthorized || w.Header.Get("Www-Authenticate") == "" {
		t.Errorf("%s, %v", w.Status, w.Header)
	}
}

func needModules(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "there is no node")
	}
	if _, err := os.Stat("node_modules/@modelcontextprotocol/sdk"); err != nil {
		missing(t, "npm ci has not run here")
	}
}

// missing skips the test, or fails it when PINCHWORK_TEST_REQUIRE contains "mcp".
func missing(t *testing.T, what string) {
	t.Helper()
	if strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), "mcp") {
		t.Fatalf("%s, but PINCHWORK_TEST_REQUIRE asks for it", what)
	}
	t.Skip(what)
}
