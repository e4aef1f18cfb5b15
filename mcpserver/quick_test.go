package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

const plainMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`

// Whatever is asked, and however wrongly, the quick way and the SDK's say the same.
func TestTheQuickWaySaysWhatTheSDKSays(t *testing.T) {
	quickly := 0
	for _, c := range []struct {
		revision, headers, body string
		quick                   bool
	}{
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, true},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":"x-1","method":"tools/list","params":{}}`, true},
		{"2026-07-28", "Mcp-Method: tools/list", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + plainMeta + `}}`, true},
		{"", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`, true},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"credits"}}`, true},
		{"2025-06-18", "", `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look","arguments":{"task_id":"tk-<none>"}}}`, true},
		{"2025-03-26", "", `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"find_work","arguments":{},"_meta":{"progressToken":1}}}`, true},
		{"2024-11-05", "", `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"find_work"}}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delegate","arguments":{"budget":"<&>"}}}`, true},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delegate","arguments":["need"]}}`, true},
		{"2026-07-28", "Mcp-Method: tools/call\nMcp-Name: credits", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits",` + plainMeta + `}}`, true},
		{"2026-07-28", "Mcp-Method: tools/call\nMcp-Name: look", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"look","arguments":{"task_id":1},` + plainMeta + `}}`, true},
		{"2026-07-28", "Mcp-Method: tools/call\nMcp-Name: look", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits",` + plainMeta + `}}`, false},
		{"2026-07-28", "Mcp-Method: tools/list\nMcp-Name: credits", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits",` + plainMeta + `}}`, false},
		{"2026-07-28", "Mcp-Method: tools/call\nMcp-Name: credits", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits"}}`, false},
		{"2026-07-28", "", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits",` + plainMeta + `}}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits",` + plainMeta + `}}`, false},
		{"2030-01-01", "", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"credits"}}`, false},
		{"2025-11-25", "", `{"jsonrpc":"1.0","id":1,"method":"tools/list"}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","method":"tools/list"}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}`, false},
		{"2025-11-25", "", `[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list"`, false},
		{"2025-11-25", "", ``, false},
		{"2025-11-25", "Content-Type: text/plain", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, false},
		{"2025-11-25", "Accept: application/json", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, false},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"credits","requestState":"x"}}`, false},
	} {
		s := serverOf(t)
		agent := s.options.Agent
		asked := 0
		q := newQuick(s, implementation("dev"))
		through := s.handler
		s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; through.ServeHTTP(w, r) })
		s.options.Agent = agent
		for i := range 2 { // the second list is from the first
			before := asked
			status, said := exchange(t, q, c.revision, c.headers, c.body)
			if i == 1 && (asked == before) != c.quick {
				t.Errorf("%s %s: went to the SDK %d times", c.revision, c.body, asked-before)
			}
			if asked == before {
				quickly++
			}
			if wantStatus, want := exchange(t, through, c.revision, c.headers, c.body); status != wantStatus || !reflect.DeepEqual(said, want) {
				t.Errorf("%s %s:\n%d %v\nthe SDK: %d %v", c.revision, c.body, status, said, wantStatus, want)
			}
		}
	}
	if quickly < 15 {
		t.Errorf("only %d answers were quick", quickly)
	}
}

// A batch of the old revisions is short: a few bytes in it ask for long answers.
func TestBatchesAreShort(t *testing.T) {
	one := `{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`
	for n, want := range map[int]int{2: http.StatusOK, maxBatch: http.StatusOK, maxBatch + 1: http.StatusBadRequest} {
		var batch []string
		for i := range n {
			batch = append(batch, fmt.Sprintf(one, i))
		}
		status, said := exchange(t, serverOf(t), "", "", " ["+strings.Join(batch, ",")+"]")
		list, _ := said.([]any)
		if status != want || want == http.StatusOK && len(list) != n {
			t.Errorf("%d messages: %d, %d answers", n, status, len(list))
		}
	}
}

func exchange(t *testing.T, h http.Handler, revision, headers, body string) (int, any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if revision != "" {
		r.Header.Set(revisionHeader, revision)
	}
	for line := range strings.Lines(headers) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var said any
	if json.Unmarshal(w.Body.Bytes(), &said) != nil {
		said = w.Body.String()
	}
	return w.Code, said
}
