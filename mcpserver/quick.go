package mcpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// quick answers what hosts ask all the time, tools/list and tools/call, without the SDK's
// transport, which makes a session of goroutines for each request and costs more than the
// marketplace does. It takes a request that is plainly right. All others, what has to be
// refused among them, are the SDK's; a test holds the answers of both against each other.
type quick struct {
	*Server
	tools map[string]*tool
	// lists are the SDK's answers to tools/list, by revision.
	lists sync.Map // string → json.RawMessage
	// stamp is what results have under _meta from the revision stateless on.
	stamp json.RawMessage
}

const (
	stateless       = "2026-07-28"
	revisionHeader  = "Mcp-Protocol-Version"
	methodList      = "tools/list"
	methodCall      = "tools/call"
	maxPlainID      = 64
	maxBatch        = 16
	applicationJSON = "application/json"
)

func newQuick(s *Server, self *mcp.Implementation) *quick {
	q := &quick{Server: s, tools: map[string]*tool{}, stamp: encode(map[string]any{mcp.MetaKeyServerInfo: self})}
	for _, t := range tools() {
		q.tools[t.name] = &t
	}
	return q
}

// asked is a request as far as it is looked at here.
type asked struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  struct {
		Meta           map[string]json.RawMessage `json:"_meta"`
		Name           string                     `json:"name"`
		Arguments      json.RawMessage            `json:"arguments"`
		Cursor         json.RawMessage            `json:"cursor"`
		InputResponses json.RawMessage            `json:"inputResponses"`
		RequestState   json.RawMessage            `json:"requestState"`
	} `json:"params"`
}

func (q *quick) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.Body == nil || !plainHeaders(r.Header) {
		q.handler.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, q.options.MaxBodyBytes))
	again := *r
	again.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	if n := batched(body); n > maxBatch {
		http.Error(w, fmt.Sprintf("A batch has at most %d messages", maxBatch), http.StatusBadRequest)
		return
	}
	var a asked
	revision := r.Header.Get(revisionHeader)
	if err != nil || json.Unmarshal(body, &a) != nil || !a.plain(revision, r.Header) {
		q.handler.ServeHTTP(w, &again)
		return
	}
	if a.Method == methodList {
		q.list(w, &again, a.ID, revision)
		return
	}
	t := q.tools[a.Params.Name]
	if t == nil {
		q.handler.ServeHTTP(w, &again)
		return
	}
	q.answer(w, a.ID, q.finished(q.call(r.Context(), t, a.Params.Arguments), revision))
}

// batched counts the messages of a batch, which only revisions before 2025-06-18 have:
// each is answered in full, and all of them at once.
func batched(body []byte) int {
	var batch []json.RawMessage
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) || json.Unmarshal(body, &batch) != nil {
		return 0
	}
	return len(batch)
}

// plainHeaders are those that every client of the transport sends.
func plainHeaders(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	return h.Get("Content-Type") == applicationJSON && h.Get("Last-Event-ID") == "" &&
		strings.Contains(accept, applicationJSON) && strings.Contains(accept, "text/event-stream")
}

// plain reports whether the request can be answered here.
func (a *asked) plain(revision string, h http.Header) bool {
	switch {
	case a.Version != "2.0" || !plainID(a.ID):
		return false
	case a.Method != methodCall && (a.Method != methodList || a.Params.Cursor != nil):
		return false
	case a.Params.InputResponses != nil || a.Params.RequestState != nil:
		return false
	case revision == stateless:
		return a.plainStateless(h)
	case revision != "" && revision != "2025-03-26" && revision != "2025-06-18" && revision != "2025-11-25":
		return false
	}
	return a.Params.Meta[mcp.MetaKeyProtocolVersion] == nil
}

// plainStateless checks what the revision wants to be said with each request, twice.
func (a *asked) plainStateless(h http.Header) bool {
	var revision string
	var capabilities mcp.ClientCapabilities
	var client mcp.Implementation
	meta := a.Params.Meta
	return json.Unmarshal(meta[mcp.MetaKeyProtocolVersion], &revision) == nil && revision == stateless &&
		bytes.HasPrefix(meta[mcp.MetaKeyClientCapabilities], []byte("{")) && json.Unmarshal(meta[mcp.MetaKeyClientCapabilities], &capabilities) == nil &&
		bytes.HasPrefix(meta[mcp.MetaKeyClientInfo], []byte("{")) && json.Unmarshal(meta[mcp.MetaKeyClientInfo], &client) == nil &&
		h.Get("Mcp-Method") == a.Method && h.Get("Mcp-Name") == a.Params.Name
}

// plainID reports whether an id is a whole number or a short string of plain characters.
func plainID(id json.RawMessage) bool {
	if _, err := strconv.ParseInt(string(id), 10, 32); err == nil {
		return true
	}
	return len(id) > 1 && len(id) < maxPlainID && id[0] == '"' && !bytes.ContainsAny(id, `\<>&`)
}

// list answers with the SDK's list, which is the same for everybody.
func (q *quick) list(w http.ResponseWriter, r *http.Request, id json.RawMessage, revision string) {
	if known, ok := q.lists.Load(revision); ok {
		q.answer(w, id, known.(json.RawMessage))
		return
	}
	heard := &hearing{ResponseWriter: w}
	q.handler.ServeHTTP(heard, r)
	var said struct{ Result json.RawMessage }
	if json.Unmarshal(heard.body.Bytes(), &said) == nil && said.Result != nil {
		q.lists.Store(revision, said.Result)
	}
}

// hearing keeps a copy of an answer.
type hearing struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (h *hearing) Write(p []byte) (int, error) {
	h.body.Write(p)
	return h.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the writer.
func (h *hearing) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// finished is the result that r.result is, as the revision has it.
func (q *quick) finished(r *reply, revision string) json.RawMessage {
	all, short := r.json(), encode(r.short())
	text := encode(string(all))
	out := make([]byte, 0, len(all)+len(short)+len(text)+len(q.stamp)+160)
	out = append(out, '{')
	if revision == stateless {
		out = append(append(append(out, `"_meta":`...), q.stamp...), `,"resultType":"complete",`...)
	}
	if r.Code != "" {
		out = append(out, `"isError":true,`...)
	}
	out = append(append(out, `"content":[{"type":"text","text":`...), short...)
	out = append(append(out, `},{"type":"text","text":`...), text...)
	return append(append(append(out, `}],"structuredContent":`...), all...), '}')
}

func (q *quick) answer(w http.ResponseWriter, id, result json.RawMessage) {
	body := make([]byte, 0, len(id)+len(result)+48)
	body = append(append(body, `{"jsonrpc":"2.0","id":`...), id...)
	body = append(append(append(body, `,"result":`...), result...), '}')
	h := w.Header()
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("Content-Type", applicationJSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that is gone needs no answer
}
