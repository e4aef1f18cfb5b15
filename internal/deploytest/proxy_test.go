package deploytest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/internal/programtest"
)

// site is two replicas behind a proxy, and a client that calls from an address of its own.
type site struct {
	t   *testing.T
	url string
	// plain is the port of nginx for http.
	plain  string
	client *http.Client
	// log is what the replicas write, said what the proxy does.
	log, said *programtest.Log
	replicas  []*httptest.Server
	// addresses are those of the replicas, as the proxy has them.
	addresses []string
}

// from is the client's address, which is not the proxy's.
const from = "127.0.0.9"

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, log: &programtest.Log{}}
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	for range 2 {
		api, err := httpserver.New(m, httpserver.Options{
			Limits: httpserver.NoLimits(), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
			Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		replica := httptest.NewServer(api)
		s.replicas, s.addresses = append(s.replicas, replica), append(s.addresses, replica.Listener.Addr().String())
		t.Cleanup(func() { api.Close(); replica.CloseClientConnections(); replica.Close() })
	}
	s.calls()
	return s
}

// calls makes the client.
func (s *site) calls() {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	s.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, strings.Replace(address, "localhost", "127.0.0.1", 1))
		},
	}}
	s.t.Cleanup(s.client.CloseIdleConnections)
}

// freePort is one that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// starts runs the proxy until the test ends, and waits until it serves.
func (s *site) starts(port string, cmd *exec.Cmd) {
	s.t.Helper()
	s.said = &programtest.Log{}
	cmd.Stdout, cmd.Stderr = s.said, s.said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s.url = "https://localhost:" + port
	for deadline := time.After(20 * time.Second); ; {
		res, err := s.client.Get(s.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-deadline:
			s.t.Fatalf("the proxy does not serve: %v\n%s", err, s.said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestNginx(t *testing.T) {
	s := newSite(t)
	s.nginx(0)
	s.carriesEverything()
	for _, path := range []string{"/v1/tasks", "/mcp"} {
		res, err := s.request("POST", path, "", strings.NewReader(strings.Repeat(" ", 9<<20)))
		if err != nil {
			t.Fatal(err)
		}
		var said struct{ Error, Code string }
		err = json.NewDecoder(res.Body).Decode(&said)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || said.Error == "" || said.Code != "too_large" {
			t.Errorf("%s: a body of 9 MiB is answered %d %+v, %v", path, res.StatusCode, said, err)
		}
	}
	// By http one is led to https.
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := plain.Get("http://127.0.0.1:" + s.plain + "/docs?x=1")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusMovedPermanently || !strings.HasPrefix(to, "https://") || !strings.HasSuffix(to, "/docs?x=1") {
		t.Errorf("by http: %d to %q", res.StatusCode, to)
	}
}

func TestCaddy(t *testing.T) {
	s := newSite(t)
	s.caddy(0)
	s.carriesEverything()
}

// nginx starts nginx before the replicas, as its file says. How long it keeps an idle
// connection is that of the file, unless another time is given.
func (s *site) nginx(idle time.Duration) {
	t := s.t
	t.Helper()
	nginx := program(t, "nginx")
	dir, port := t.TempDir(), freePort(t)
	s.plain = freePort(t)
	selfSigned(t, dir)
	conf := strings.NewReplacer(
		"127.0.0.1:8001", s.addresses[0], "127.0.0.1:8002", s.addresses[1], "listen 443", "listen 127.0.0.1:"+port, "listen 80;", "listen 127.0.0.1:"+s.plain+";",
		"/etc/ssl/", dir+"/", "server_name market.example", "server_name localhost", "keepalive_timeout 4s", "keepalive_timeout "+kept(idle),
	).Replace(read(t, "nginx.conf"))
	main := fmt.Sprintf("daemon off;\nmaster_process off;\npid %[1]s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+
		"client_body_temp_path %[1]s/body;\nproxy_temp_path %[1]s/proxy;\n%[2]s\n}\n", dir, conf)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, nginx, "-t", "-p", dir, "-e", "stderr", "-c", file)
	s.starts(port, exec.Command(nginx, "-p", dir, "-e", "stderr", "-c", file))
}

// caddy starts Caddy before the replicas, as nginx does.
func (s *site) caddy(idle time.Duration) {
	t := s.t
	t.Helper()
	caddy := program(t, "caddy")
	dir, port := t.TempDir(), freePort(t)
	// Caddy makes its certificate itself; here it leaves the machine as it is.
	text := "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n" +
		strings.NewReplacer("{$SITE:localhost} {", "{$SITE:localhost} {\n\tbind 127.0.0.1\n\ttls internal", "keepalive 4s", "keepalive "+kept(idle)).
			Replace(read(t, "Caddyfile"))
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(caddy, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "SITE=https://localhost:"+port, "REPLICAS="+strings.Join(s.addresses, " "),
		"HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	s.starts(port, cmd)
}

func kept(idle time.Duration) string {
	if idle == 0 {
		return "4s"
	}
	return idle.String()
}

// carriesEverything posts, streams and waits through the proxy, with large bodies and with
// one of the replicas gone.
func (s *site) carriesEverything() {
	t := s.t
	t.Helper()
	poster, worker := s.register("poster"), s.register("worker")
	if !strings.Contains(s.log.String(), "client="+from) {
		t.Errorf("the client's address does not get through:\n%s", s.log)
	}
	events := s.stream(poster)
	var task struct {
		ID string `json:"task_id"`
	}
	s.call("POST", "/v1/tasks", poster, map[string]any{"need": "x", "max_credits": 1}, &task)
	waited := make(chan string, 1)
	go func() { waited <- s.wait(poster, task.ID) }()
	s.call("POST", "/v1/tasks/"+task.ID+"/pickup", worker, nil, nil)
	s.call("POST", "/v1/tasks/"+task.ID+"/messages", worker, map[string]any{"message": "on it"}, nil)
	select {
	case line := <-events:
		if !strings.HasPrefix(line, "id: ") && !strings.HasPrefix(line, "event: ") && !strings.HasPrefix(line, "data: ") {
			t.Errorf("the stream begins with %q", line)
		}
	case <-time.After(10 * time.Second):
		t.Error("no event comes through the proxy")
	}
	s.call("POST", "/v1/tasks/"+task.ID+"/deliver", worker, map[string]any{"result": strings.Repeat("r", 40_000)}, nil)
	if status := <-waited; status != "delivered" {
		t.Errorf("a wait ends with %q", status)
	}
	if status := s.post(poster, strings.Repeat(" ", 7<<20)); status != http.StatusBadRequest {
		t.Errorf("a body of 7 MiB is answered %d, not by the server", status)
	}
	if status := s.post(poster, strings.Repeat(" ", 9<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 9 MiB is answered %d", status)
	}
	gone := s.replicas[0]
	gone.CloseClientConnections()
	gone.Close()
	for i := range 20 {
		if status := s.status("/v1/capabilities"); status != http.StatusOK {
			t.Errorf("with one replica gone request %d is answered %d", i, status)
		}
	}
}

func (s *site) request(method, path, key string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return s.client.Do(r)
}

func (s *site) call(method, path, key string, body, answer any) {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	res, err := s.request(method, path, key, bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, text, err)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) register(name string) string {
	s.t.Helper()
	var agent struct {
		Key string `json:"api_key"`
	}
	s.call("POST", "/v1/register", "", map[string]any{"name": name}, &agent)
	return agent.Key
}

// stream opens the agent's events and returns the first lines that say something.
func (s *site) stream(key string) <-chan string {
	s.t.Helper()
	res, err := s.request("GET", "/v1/events", key, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatal(res, err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	lines := make(chan string, 100)
	go func() {
		for scanner := bufio.NewScanner(res.Body); scanner.Scan(); {
			if line := scanner.Text(); line != "" && !strings.HasPrefix(line, ":") && !strings.HasPrefix(line, "retry:") {
				lines <- line
			}
		}
	}()
	return lines
}

// wait is how a task stands that is waited for, or what went wrong.
func (s *site) wait(key, id string) string {
	res, err := s.request("GET", "/v1/tasks/"+id+"?wait=25", key, nil)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	var task struct{ Status string }
	if err := json.NewDecoder(res.Body).Decode(&task); err != nil {
		return err.Error()
	}
	return task.Status
}

func (s *site) post(key, body string) int {
	s.t.Helper()
	res, err := s.request("POST", "/v1/tasks", key, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (s *site) status(path string) int {
	s.t.Helper()
	res, err := s.request("GET", path, "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// selfSigned writes a certificate for localhost and its key.
func selfSigned(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, &c, &c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"market.crt": {Type: "CERTIFICATE", Bytes: cert}, "market.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
