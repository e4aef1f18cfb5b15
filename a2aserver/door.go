package a2aserver

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
	"github.com/a2aproject/a2a-go/v2/a2asrv"
	"github.com/a2aproject/a2a-go/v2/log"

	"github.com/pinchwork/pinchwork/httpserver"
)

// Options say how the marketplace presents itself, and what a task gets whose message does
// not say it. The zero value works.
type Options struct {
	// Name and Description are the card's; without them it is Pinchwork.
	Name, Description string
	// Version is the card's; "dev" without it.
	Version string
	// Budget is the max_credits of a task, 1–100,000; 0 leaves it to the market (50).
	Budget int64
	// Tags are a task's, at most 10.
	Tags []string
	// Deadline is a task's, at most 365 days; 0 is none.
	Deadline time.Duration
}

const (
	cardPath = "/.well-known/agent-card.json"
	path     = "/a2a"
	// keepAlive is the time between two comments of a silent stream.
	keepAlive = 15 * time.Second
)

// Doors are the public card and the protocol itself, for httpserver.Options.
func Doors(o Options) []httpserver.Door {
	return []httpserver.Door{
		{Path: cardPath, Public: true, Open: func(s *httpserver.Server) http.Handler { return cardHandler(s, o) }},
		{Path: path + "/", Open: func(*httpserver.Server) http.Handler { return newHandler(o) }},
	}
}

// dialects serves each request in the dialect that it speaks.
type dialects struct{ rpc, oldRPC, rest http.Handler }

func newHandler(o Options) http.Handler {
	agent := &agent{options: o}
	alive := a2asrv.WithTransportKeepAlive(keepAlive)
	return &dialects{
		rpc: a2asrv.NewJSONRPCHandler(agent, alive), oldRPC: a2av0.NewJSONRPCHandler(agent, alive),
		rest: http.StripPrefix(path, a2asrv.NewRESTHandler(agent, alive)),
	}
}

// The protocol's package logs to whatever is the program's default, errors of clients too.
// The server's own log has a line for each request already.
var silent = slog.New(slog.DiscardHandler)

func (d *dialects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(log.AttachLogger(r.Context(), silent))
	rest := strings.TrimPrefix(r.URL.Path, path)
	if rest == "" || rest == "/" {
		d.serveRPC(w, r)
		return
	}
	if r.Method == http.MethodDelete {
		withObject(d.rest, w, r)
		return
	}
	d.rest.ServeHTTP(w, r)
}

// serveRPC tells the dialects apart by the name of the method, message/send or SendMessage:
// not every client says its version.
func (d *dialects) serveRPC(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the request is too large or broke off", http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var call struct {
		Method string `json:"method"`
	}
	_ = json.Unmarshal(body, &call) // the handler says what is wrong with it
	handler := d.rpc
	if strings.Contains(call.Method, "/") {
		handler = d.oldRPC
	}
	if deletes(call.Method) {
		withResult(handler, w, r)
		return
	}
	handler.ServeHTTP(plainly{w}, r)
}
