package deploytest

import (
	"crypto/x509"
	"encoding/pem"
	"net"
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

// guide types what docs/operations.md says to type, in a folder and a home of its own.
type guide struct {
	t    *testing.T
	dir  string
	env  []string
	here *strings.Replacer // puts addresses of this test for those of the page
}

// newGuide has the program; more are folders of other programs.
func newGuide(t *testing.T, more ...string) *guide {
	t.Helper()
	bin := filepath.Dir(programtest.Path(t))
	path := strings.Join(append(append([]string{bin}, more...), os.Getenv("PATH")), string(os.PathListSeparator))
	dir := t.TempDir()
	return &guide{t: t, dir: dir, env: []string{"PATH=" + path, "HOME=" + dir, "LANG=C.UTF-8"}, here: strings.NewReplacer()}
}

var fenced = regexp.MustCompile("(?ms)^( *)```[a-z]+\n(.*?)^ *```$")

// block is that of the page which begins so.
func (g *guide) block(begins string) string {
	g.t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		g.t.Fatal(err)
	}
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		text := strings.TrimPrefix(strings.ReplaceAll("\n"+m[2], "\n"+m[1], "\n"), "\n")
		if strings.HasPrefix(text, begins) {
			return g.here.Replace(text)
		}
	}
	g.t.Fatalf("docs/operations.md has no block that begins with %q", begins)
	return ""
}

var serving = regexp.MustCompile(`^([A-Z_]+=\S+ )*(pinchwork serve|redis-server) `)

// lines divides a block into those that start a server, and the rest.
func lines(block string) (servers []string, rest string) {
	for line := range strings.Lines(block) {
		if serving.MatchString(line) {
			server, _, _ := strings.Cut(line, " #")
			servers = append(servers, strings.TrimSpace(server))
		} else {
			rest += line
		}
	}
	return servers, rest
}

func (g *guide) shell(text string) *exec.Cmd {
	cmd := exec.CommandContext(g.t.Context(), "sh", "-ec", text)
	cmd.Dir, cmd.Env = g.dir, g.env
	return cmd
}

// types runs lines in one shell, which ends with the first that fails.
func (g *guide) types(text string) string {
	g.t.Helper()
	out, err := g.shell(text).CombinedOutput()
	if err != nil {
		g.t.Fatalf("%v\n%s\n%s", err, text, out)
	}
	return string(out)
}

// starts runs a line that does not end by itself.
func (g *guide) starts(line string) {
	g.t.Helper()
	cmd := g.shell("exec env " + line)
	said := &programtest.Log{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if g.t.Failed() {
			g.t.Logf("%s\n%s", line, said)
		}
	})
}

// comes waits until a line goes well.
func (g *guide) comes(line string) {
	g.t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		out, err := g.shell(line).CombinedOutput()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			g.t.Fatalf("%s: %v\n%s", line, err, out)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// knows fails unless the server of a line that was started with this address has the
// agent that registered before.
func (g *guide) knows(address string) {
	g.t.Helper()
	g.comes("pinchwork health --ready --listen " + address)
	if out := g.types("pinchwork --server http://" + address + " agents"); !strings.Contains(out, "first") {
		g.t.Errorf("after the restore there are only these agents:\n%s", out)
	}
}

// wantRight types lines of which one proves the books of a copy, which nobody else may read.
func (g *guide) wantRight(text string) {
	g.t.Helper()
	if out := g.types(text); !regexp.MustCompile(`(?m)^Books: +right$`).MatchString(out) {
		g.t.Errorf("the books of the copy are\n%s", out)
	}
	for _, name := range []string{"market.dump", "copy.url", "copy.db"} {
		if info, err := os.Stat(filepath.Join(g.dir, name)); err == nil && info.Mode().Perm()&0o077 != 0 {
			g.t.Errorf("%s is %v", name, info.Mode())
		}
	}
}

func address(t *testing.T) string { return "127.0.0.1:" + freePort(t) }

// Two replicas on Postgres come up by the steps of the page, one agent registers, the
// books are right, and a copy of the database has it all. The proxy is tried by others.
func TestTheStepsOfTheOperationsPage(t *testing.T) {
	program(t, "openssl")
	database := pgtest.NewServer(t, "fsync=off")
	g := newGuide(t, filepath.Dir(database.Program("psql")))
	host, port, _ := net.SplitHostPort(database.Addr())
	g.env = append(g.env, "PGHOST="+host, "PGPORT="+port)
	first, copied := address(t), address(t)
	g.here = strings.NewReplacer("127.0.0.1:5432", database.Addr(), "127.0.0.1:8001", first, "127.0.0.1:8002", address(t), "127.0.0.1:9101", address(t), "127.0.0.1:9102", address(t),
		"=https://market.example", "=http://"+first, "--server https://market.example", "--server http://"+first)

	g.types(g.block("psql "))
	g.types(g.block("umask 077\nopenssl "))
	if err := os.WriteFile(filepath.Join(g.dir, "pinchwork.yaml"), []byte(g.block("store-file: ")), 0o600); err != nil {
		t.Fatal(err)
	}
	replicas, ready := lines(g.block("pinchwork serve --config "))
	for _, line := range replicas {
		g.starts(line)
	}
	g.comes(ready)
	g.types(g.block("pinchwork --server "))

	servers, dump := lines(g.block("umask 077\npg_dump "))
	g.wantRight(dump)
	if len(replicas) != 2 || len(servers) != 1 {
		t.Fatalf("the page starts %q and %q", replicas, servers)
	}
	g.starts(servers[0] + " --listen " + copied)
	g.knows(copied)

	g.types(g.block("openssl req "))
	made, err := os.ReadFile(filepath.Join(g.dir, "market.crt"))
	if err != nil {
		t.Fatal(err)
	}
	der, _ := pem.Decode(made)
	if der == nil {
		t.Fatalf("no certificate: %s", made)
	}
	if cert, err := x509.ParseCertificate(der.Bytes); err != nil || cert.VerifyHostname("market.example") != nil {
		t.Errorf("the certificate: %v, %+v", err, cert)
	}
}

// A file is copied while it is served, as the page has it, and the copy is served.
func TestTheBackupOfAFileOnTheOperationsPage(t *testing.T) {
	g := newGuide(t)
	first, copied := address(t), address(t)
	g.starts("pinchwork serve --store sqlite:market.db --listen " + first)
	g.comes("pinchwork health --ready --listen " + first)
	g.types("pinchwork --server http://" + first + " register --name first")
	servers, backup := lines(g.block("umask 077\npinchwork backup "))
	g.wantRight(backup)
	g.wantRight(g.block("pinchwork audit "))
	g.starts(servers[0] + " --listen " + copied)
	g.knows(copied)
}

// A Redis is dumped while it is served, as the page has it, and another one goes on with
// the dump.
func TestTheBackupOfRedisOnTheOperationsPage(t *testing.T) {
	program(t, "redis-cli")
	program(t, "redis-server")
	redis := redistest.Start(t)
	g := newGuide(t)
	first, copied, other := address(t), address(t), freePort(t)
	_, port, _ := net.SplitHostPort(redis.Addr())
	g.starts("pinchwork serve --store " + redis.URL() + " --listen " + first)
	g.comes("pinchwork health --ready --listen " + first)
	g.types("pinchwork --server http://" + first + " register --name first")

	g.here = strings.NewReplacer("redis-cli --rdb", "redis-cli -p "+port+" --rdb",
		"redis-server ", "redis-server --port "+other+" ", "redis-cli config", "redis-cli -p "+other+" config")
	servers, rest := lines(g.block("mkdir backup"))
	dump, afterwards, cut := strings.Cut(rest, "redis-cli -p "+other+" config")
	if !cut || len(servers) != 1 {
		t.Fatalf("the page has %q and %q", servers, rest)
	}
	g.types(dump)
	g.starts(servers[0])
	g.comes("redis-cli -p " + other + " ping | grep PONG")
	g.types("redis-cli -p " + other + " config" + afterwards)
	g.wantRight("pinchwork audit --store redis://127.0.0.1:" + other + "/0")
	g.starts("pinchwork serve --store redis://127.0.0.1:" + other + "/0 --listen " + copied)
	g.knows(copied)
}
