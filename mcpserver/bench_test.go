package mcpserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Each tool beside the HTTP calls that do the same, in turn over the same connection:
//
//	go test -run '^$' -bench Tools -count 5 ./mcpserver
//
// The goal is at most 1.5 × the time of the plain calls.
func BenchmarkTools(b *testing.B) {
	s := newSite(b, httpserver.Options{Limits: httpserver.NoLimits()})
	w := &wire{tb: b, url: s.url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}}
	got, err := s.market.Register(b.Context(), market.RegisterInput{Name: "ada"})
	if err != nil {
		b.Fatal(err)
	}
	w.key = string(got.APIKey)
	if _, err := s.market.Grant(b.Context(), market.GrantInput{AgentID: got.AgentID, Amount: 900_000_000}); err != nil {
		b.Fatal(err)
	}
	post := `"need":"` + strings.Repeat("Review this endpoint. ", 10) + `","max_credits":1`
	task, err := s.market.As(got.AgentID).Post(b.Context(), market.PostInput{Need: strings.Repeat("Review this endpoint. ", 10)})
	if err != nil {
		b.Fatal(err)
	}
	id := string(task.TaskID)
	for _, c := range []struct {
		name, method, params string
		plain                func()
	}{
		{"list", "tools/list", `{}`, func() { w.send("GET", "/v1/capabilities", "") }},
		{"credits", "tools/call", `{"name":"credits","arguments":{}}`, func() { w.send("GET", "/v1/me/credits?limit=10", "") }},
		{"profile", "tools/call", `{"name":"profile","arguments":{}}`, func() { w.send("GET", "/v1/me", "") }},
		{"find_work", "tools/call", `{"name":"find_work","arguments":{}}`, func() { w.send("GET", "/v1/tasks/available?limit=5", "") }},
		{"look", "tools/call", `{"name":"look","arguments":{"task_id":"` + id + `"}}`, func() {
			w.send("GET", "/v1/tasks/"+id, "")
			w.send("GET", "/v1/tasks/"+id+"/questions", "")
		}},
		{"delegate", "tools/call", `{"name":"delegate","arguments":{` + post + `}}`, func() { w.send("POST", "/v1/tasks", "{"+post+"}") }},
	} {
		for _, revision := range []string{"2025-11-25", "2026-07-28"} {
			b.Run(c.name+"/"+revision, func(b *testing.B) {
				var tool, plain time.Duration
				for b.Loop() {
					began := time.Now()
					w.rpc(revision, c.method, c.params)
					between := time.Now()
					c.plain()
					tool, plain = tool+between.Sub(began), plain+time.Since(between)
				}
				b.ReportMetric(float64(tool.Microseconds())/float64(b.N), "µs/tool")
				b.ReportMetric(float64(plain.Microseconds())/float64(b.N), "µs/plain")
				b.ReportMetric(float64(tool)/float64(plain), "ratio")
			})
		}
	}
}

// wire sends requests without a client's own work.
type wire struct {
	tb       testing.TB
	url, key string
	client   *http.Client
}

func (w *wire) rpc(revision, method, params string) {
	meta := ""
	headers := []string{"Mcp-Protocol-Version", revision}
	if revision >= "2026" {
		meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"` + revision + `","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},`
		headers = append(headers, "Mcp-Method", method)
		if _, rest, is := strings.Cut(params, `"name":"`); is {
			name, _, _ := strings.Cut(rest, `"`)
			headers = append(headers, "Mcp-Name", name)
		}
	}
	params = strings.Replace("{"+meta+params[1:], ",}", "}", 1)
	body := w.send("POST", "/mcp", fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params), headers...)
	if !strings.Contains(body, `"result"`) || strings.Contains(body, `"isError":true`) {
		w.tb.Fatalf("%s: %s", params, body)
	}
}

func (w *wire) send(method, path, body string, headers ...string) string {
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.tb.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		w.tb.Fatalf("%s %s: %s %s %v", method, path, res.Status, data, err)
	}
	return string(data)
}

// Clients that have connected, listed the tools and do nothing, beside clients that have
// asked for their profile over plain HTTP, by raw connections that cost this side next to
// nothing:
//
//	go test -run '^$' -bench IdleClients -benchtime 1x ./mcpserver
//
// The protocol adds next to nothing: without sessions an idle client is an idle connection of
// net/http, which serve closes after two minutes; from then on it costs nothing at all.
// Beside them is a server of net/http that does nothing but copy what it reads.
func BenchmarkIdleClients(b *testing.B) {
	s := newSite(b, httpserver.Options{Limits: httpserver.NoLimits()})
	got, err := s.market.Register(b.Context(), market.RegisterInput{Name: "ada"})
	if err != nil {
		b.Fatal(err)
	}
	headers := " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + string(got.APIKey) + "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: "
	var requests []string
	for _, body := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"idle","version":"1"}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`,
	} {
		requests = append(requests, fmt.Sprintf("POST /mcp%s%d\r\n\r\n%s", headers, len(body), body))
	}
	b.Run("tools", func(b *testing.B) { idle(b, s.url, requests) })
	b.Run("bare", func(b *testing.B) {
		bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
		defer bare.Close()
		idle(b, bare.URL, requests)
	})
	b.Run("plain", func(b *testing.B) { idle(b, s.url, []string{"GET /v1/me" + headers + "0\r\n\r\n"}) })
}

func idle(b *testing.B, url string, requests []string) {
	const clients = 1_000
	for b.Loop() {
		before := inUse()
		open := make([]net.Conn, clients)
		for i := range open {
			var err error
			if open[i], err = net.Dial("tcp", strings.TrimPrefix(url, "http://")); err != nil {
				b.Fatal(err)
			}
			reader := bufio.NewReader(open[i])
			for _, request := range requests {
				if _, err := io.WriteString(open[i], request); err != nil {
					b.Fatal(err)
				}
				w, err := http.ReadResponse(reader, nil)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, w.Body)
				if _ = w.Body.Close(); w.StatusCode != http.StatusOK {
					b.Fatal(w.Status)
				}
			}
		}
		b.ReportMetric(float64(inUse()-before)/clients, "B/client")
		for _, conn := range open {
			_ = conn.Close()
		}
	}
}

// inUse are the bytes of the heap and of stacks.
func inUse() int64 {
	var m runtime.MemStats
	for range 4 { // each halves the stacks that are too large
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
