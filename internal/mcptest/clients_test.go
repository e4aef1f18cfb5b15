package mcptest

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/internal/programtest"
	"github.com/pinchwork/pinchwork/market"
)

// marketplace is a running `pinchwork serve` with two agents.
type marketplace struct {
	program, url   string
	poster, worker market.APIKey
}

// start serves until the end of the test.
func start(t *testing.T) *marketplace {
	t.Helper()
	m := &marketplace{program: programtest.Path(t)}
	m.url = serve(t, m.program)
	m.poster, m.worker = register(t, m.url, "poster"), register(t, m.url, "worker")
	return m
}

func serve(t *testing.T, program string) (address string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--rate-limits", "off")
	said := &programtest.Log{}
	cmd.Env, cmd.Stderr = append(os.Environ(), "PINCHWORK_CONFIG="), said
	address, err := programtest.Listens(cmd)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", said)
		}
	})
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
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(t.Output(), "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("Authorization", "Bearer "+string(m.poster))
	}}
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Else net/http closes the request's body when the answer begins, and where the proxy
		// has yet to see the body's end it drops the connection in the middle of the answer.
		_ = http.NewResponseController(w).EnableFullDuplex()
		proxy.ServeHTTP(w, r)
	}))
	defer outer.Close()
	checks := t.TempDir()
	run(t, os.Environ(), "node", "--import", "./node20.mjs", "node_modules/@modelcontextprotocol/conformance/dist/index.js",
		"server", "--url", outer.URL+"/mcp", "--suite", "all", "--expected-failures", "baseline.yml", "--output-dir", checks)
	if t.Failed() {
		showChecks(t, checks)
	}
}

// showChecks logs what the suite noted of each scenario that failed, also of those that may.
func showChecks(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "checks.json"))
	if err != nil || len(files) == 0 {
		t.Errorf("the suite left %d files of checks, %v", len(files), err)
	}
	for _, path := range files {
		var checks []struct{ ID, Status, ErrorMessage string }
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &checks)
		}
		if err != nil {
			t.Error(err)
		}
		for _, c := range checks {
			if c.Status == "FAILURE" {
				t.Logf("%s: %s", c.ID, c.ErrorMessage)
			}
		}
	}
}

// Whoever has no key gets no further than the door.
func TestWithoutAKeyNobodyGetsIn(t *testing.T) {
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
