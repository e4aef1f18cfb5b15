package httpserver

import (
	"net/http"
	"strconv"
)

// answer sends the result of an action.
func (c *call) answer(value any) {
	if c.status != 0 {
		return // a stream has answered already
	}
	note := ""
	for _, s := range c.route.Success {
		if s.Status == c.success {
			note = s.Note
		}
	}
	c.send(c.success, value, note)
}

var (
	asJSON     = []string{"application/json"}
	asMarkdown = []string{"text/markdown; charset=utf-8"}
	noStore    = []string{"no-store"}
	varyAccept = []string{"Accept"}
	// noSniff keeps browsers from interpreting somebody's text as a page.
	noSniff = []string{"nosniff"}
)

// send writes value in the form that the client prefers. Everything is encoded
// before anything is sent, so that a failure can still be answered.
func (c *call) send(status int, value any, note string) {
	h := c.Header()
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	if c.route == nil || !c.route.JSONOnly {
		h["Vary"] = varyAccept
	}
	if status == http.StatusNoContent {
		c.WriteHeader(status)
		return
	}
	made, sent, err := c.beginLarge(textSize(value))
	if err != nil {
		c.fail(err)
		return
	}
	defer sent()
	defer made()
	memory := borrow()
	defer memory.giveBack()
	if err := memory.encoder.Encode(c.server.linked(value)); err != nil {
		c.logFailure(err)
		status, note = http.StatusInternalServerError, ""
		memory.Reset()
		memory.WriteString(`{"error":"Internal error","code":"internal"}`)
	}
	memory.addIgnored(c.ignored)
	if c.wantsJSON() {
		made()
		c.write(status, asJSON, memory.Bytes())
		return
	}
	markdown := borrow()
	defer markdown.giveBack()
	writeMarkdown(&markdown.Buffer, memory.Bytes(), note)
	made()
	c.write(status, asMarkdown, markdown.Bytes())
}

func (c *call) write(status int, contentType []string, body []byte) {
	h := c.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.WriteHeader(status)
	if c.request.Method != http.MethodHead {
		_, _ = c.Write(body) // a client that is gone needs no answer
	}
}

func (c *call) wantsJSON() bool {
	return c.route != nil && c.route.JSONOnly || prefersJSON(c.request.Header["Accept"])
}
