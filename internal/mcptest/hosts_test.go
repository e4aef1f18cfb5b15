package mcptest

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// host is a marketplace and a home whose profile has the worker's key, as somebody has who
// follows docs/agents.md.
type host struct {
	*marketplace
	page, home string
}

func newHost(t *testing.T) *host {
	t.Helper()
	page, err := os.ReadFile("../../docs/agents.md")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{start(t), string(page), t.TempDir()}
	login := exec.CommandContext(t.Context(), h.program, "login", "--server", h.url, "--key", string(h.worker))
	login.Env = h.environment()
	if out, err := login.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return h
}

// environment is what a host passes on: where programs are and who the user is.
func (h *host) environment(more ...string) []string {
	return append([]string{"PATH=" + filepath.Dir(h.program) + ":" + os.Getenv("PATH"), "HOME=" + h.home, "LANG=C.UTF-8"}, more...)
}

// section is the part of the page below a heading, with this server's address.
func (h *host) section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(h.page, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/agents.md has no section %s", heading)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	return strings.ReplaceAll(part, "https://YOUR-SERVER", h.url)
}

// python has a script live a life with a host's section of the page.
func python(t *testing.T, variable, module, heading, script string) {
	t.Helper()
	python := os.Getenv(variable)
	if python == "" {
		python = "python3"
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import importlib.util as u; exit(not u.find_spec('"+module+"'))").Run(); err != nil {
		missing(t, python+" has no package "+module)
	}
	page, err := filepath.Abs("../../docs/agents.md")
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	run(t, h.environment("MARKET="+h.url, "POSTER_KEY="+string(h.poster), "WORKER_KEY="+string(h.worker), "AGENTS_PAGE="+page,
		"HOST_HEADING="+heading), python, filepath.Join("hosts", script))
}

func TestTheOpenAIAgentsSDKLivesALife(t *testing.T) {
	python(t, "PINCHWORK_MCP_PYTHON", "agents", "OpenAI Agents SDK", "openai_agents.py")
}

func TestLangChainLivesALife(t *testing.T) {
	python(t, "PINCHWORK_LANGCHAIN_PYTHON", "langchain_mcp_adapters", "LangChain", "langchain_tools.py")
}

// What the page says to type connects Claude Code in both ways, leaves no key in its
// settings, and with another key does not connect.
func TestClaudeCodeConnects(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	claude, err := filepath.Abs("hosts/node_modules/.bin")
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), filepath.Join(claude, "claude"), "--version").Run(); err != nil {
		missing(t, "npm ci has not run in hosts")
	}
	h, project := newHost(t), t.TempDir()
	enter := func(key, line string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
		cmd.Dir = project
		cmd.Env = append(h.environment("PINCHWORK_API_KEY="+key, "DISABLE_AUTOUPDATER=1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1"), "PATH="+claude+":"+filepath.Dir(h.program)+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	lines := regexp.MustCompile(`(?m)^claude mcp add .*$`).FindAllString(h.section(t, "Claude Code"), -1)
	if len(lines) != 2 {
		t.Fatalf("the page has %q", lines)
	}
	for _, line := range lines {
		enter(string(h.poster), line)
	}
	if got := enter(string(h.poster), "claude mcp list"); strings.Count(got, "Connected") != 2 {
		t.Errorf("Claude Code says %s", got)
	}
	// In the environment a key counts more than the profile's.
	if got := enter("pwk-another", "claude mcp list"); strings.Contains(got, "Connected") {
		t.Errorf("with another key Claude Code says %s", got)
	}
	settings, err := os.ReadFile(filepath.Join(h.home, ".claude.json"))
	if err != nil || strings.Contains(string(settings), "pwk-") || !strings.Contains(string(settings), "${PINCHWORK_API_KEY}") {
		t.Errorf("the settings, %v: %s", err, settings)
	}
}

// configured is an entry of a file of servers.
type configured struct {
	Type, URL, Command string
	Args               []string
	Headers            map[string]string
}

var variable = regexp.MustCompile(`\$\{(?:env:)?([A-Z_]+)\}`)

// connect does with an entry what a host does.
func (h *host) connect(ctx context.Context, c configured) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "host", Version: "1"}, nil)
	if c.Command != "" {
		cmd := exec.CommandContext(ctx, c.Command, c.Args...)
		if c.Command == "pinchwork" {
			cmd.Path, cmd.Err = h.program, nil
		}
		cmd.Env = h.environment()
		return client.Connect(ctx, &mcp.CommandTransport{Command: cmd}, nil)
	}
	return client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: c.URL, HTTPClient: &http.Client{Transport: headed(func(r *http.Request) {
		for name, value := range c.Headers {
			r.Header.Set(name, variable.ReplaceAllStringFunc(value, func(s string) string {
				return map[string]string{"PINCHWORK_API_KEY": string(h.worker)}[variable.FindStringSubmatch(s)[1]]
			}))
		}
	})}}, nil)
}

// headed sets headers.
type headed func(*http.Request)

func (set headed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	set(r)
	return http.DefaultTransport.RoundTrip(r)
}

// Every file that the page shows is JSON, and a host that reads it gets the tools, and can
// call them as the agent whose key it is.
func TestEveryConfigurationOfThePageWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	h := newHost(t)
	found := 0
	for _, heading := range []string{"Claude Code", "Claude Desktop", "Cursor and VS Code"} {
		for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(h.section(t, heading), -1) {
			var file struct{ MCPServers, Servers map[string]configured }
			if err := json.Unmarshal([]byte(block[1]), &file); err != nil {
				t.Errorf("%s: %v in %s", heading, err, block[1])
				continue
			}
			for _, servers := range []map[string]configured{file.MCPServers, file.Servers} {
				for name, c := range servers {
					found++
					h.answers(t, heading+": "+name, c)
				}
			}
		}
	}
	if found != 4 {
		t.Errorf("the page has %d configurations", found)
	}
}

func (h *host) answers(t *testing.T, of string, c configured) {
	t.Helper()
	session, err := h.connect(t.Context(), c)
	if err != nil {
		t.Errorf("%s: %v", of, err)
		return
	}
	defer func() { _ = session.Close() }()
	tools, err := session.ListTools(t.Context(), nil)
	if err != nil || len(tools.Tools) < 15 {
		t.Errorf("%s: %v, %+v", of, err, tools)
		return
	}
	got, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "credits"})
	if err != nil || got.IsError {
		t.Errorf("%s: %v, %+v", of, err, got)
	}
}
