package httpserver

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// answer sends what an action came to.
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
	varyAccept = []string{"Accept"}
	noStore    = []string{"no-store"}
)

// send writes value in the form that the client prefers. The form is made
// before anything is sent, so that a failure still has an answer.
func (c *call) send(status int, value any, note string) {
	h := c.Header()
	h["Cache-Control"] = noStore
	if status == http.StatusNoContent {
		c.WriteHeader(status)
		return
	}
	buffer := borrow()
	defer giveBack(buffer)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		c.logFailure(err)
		status, note = http.StatusInternalServerError, ""
		buffer.Reset()
		buffer.WriteString(`{"error":"Internal error"}`)
	}
	c.write(status, buffer.Bytes(), note)
}

func (c *call) write(status int, object []byte, note string) {
	h := c.Header()
	if c.route == nil || !c.route.JSONOnly {
		h["Vary"] = varyAccept
	}
	if c.wantsJSON() {
		h["Content-Type"] = asJSON
	} else {
		markdown := borrow()
		defer giveBack(markdown)
		writeMarkdown(markdown, object, note)
		object = markdown.Bytes()
		h["Content-Type"] = asMarkdown
	}
	h["Content-Length"] = []string{strconv.Itoa(len(object))}
	c.WriteHeader(status)
	if c.request.Method != http.MethodHead {
		_, _ = c.Write(object) // a client that is gone needs no answer
	}
}

func (c *call) wantsJSON() bool {
	return c.route != nil && c.route.JSONOnly || prefersJSON(c.request.Header["Accept"])
}
