package a2aserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/a2aserver"
)

// Each refusal has a code and, where there is one, the field in its details, on both
// bindings; nothing of the inside is in any.
func TestRefusalsHaveCodesAndFields(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	for name, c := range map[string]struct{ message, code, field string }{
		"an unknown field":          {said(`"text":"x"`, `"pinchwork":{"budget":3}`), "invalid", "budget"},
		"a text for a number":       {said(`"text":"x"`, `"pinchwork":{"max_credits":"3"}`), "invalid", "max_credits"},
		"a part of a number":        {said(`"text":"x"`, `"pinchwork":{"wait":1.5}`), "invalid", "wait"},
		"a text for a list":         {said(`"text":"x"`, `"pinchwork":{"tags":"go"}`), "invalid", "tags"},
		"a number in a list":        {said(`"text":"x"`, `"pinchwork":{"tags":[1]}`), "invalid", "tags"},
		"a number for a pair":       {said(`"text":"x"`, `"pinchwork":{"metadata":{"a":1}}`), "invalid", "metadata"},
		"no object":                 {said(`"text":"x"`, `"pinchwork":3`), "invalid", "pinchwork"},
		"credits outside":           {said(`"text":"x"`, `"max_credits":3`), "invalid", "max_credits"},
		"bytes":                     {said(`"raw":"eA=="`, `"a":1`), "unsupported_media_type", "parts"},
		"a need twice":              {said(`"text":"x"`, `"pinchwork":{"need":"y"}`), "invalid", "need"},
		"an action without a task":  {said(`"text":"x"`, `"pinchwork":{"action":"approve"}`), "invalid", "action"},
		"too few credits":           {said(`"text":"x"`, `"pinchwork":{"max_credits":5000}`), "insufficient_credits", "max_credits"},
		"a task that is not there":  {strings.Replace(said(`"text":"x"`, `"a":1`), `"role"`, `"taskId":"tk-xxxxxxxxxxxx","role"`, 1), "not_found", ""},
		"a message without its id":  {strings.Replace(said(`"text":"x"`, `"a":1`), `"m"`, `""`, 1), "invalid", "messageId"},
		"a message from nobody":     {strings.Replace(said(`"text":"x"`, `"a":1`), `ROLE_USER`, `ROLE_AGENT`, 1), "invalid", "role"},
		"a number for a message id": {strings.Replace(said(`"text":"x"`, `"a":1`), `"m"`, `7`, 1), "", ""},
		"a number for the parts":    {strings.Replace(said(`"text":"x"`, `"a":1`), `[{"text":"x"}]`, `7`, 1), "", ""},
	} {
		rpc := s.post("/a2a", `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":`+c.message+`}`)
		stream := s.post("/a2a", `{"jsonrpc":"2.0","id":1,"method":"SendStreamingMessage","params":`+c.message+`}`)
		rest := s.post("/a2a/message:send", c.message)
		for binding, answer := range map[string]string{"JSON-RPC": rpc, "a stream": stream, "HTTP+JSON": rest} {
			if strings.Contains(answer, "Go ") || strings.Contains(answer, "json: ") || !strings.Contains(answer, `"error"`) {
				t.Errorf("%s, %s: %s", name, binding, answer)
			}
			if got := metadata(t, answer); c.code != "" && (got["code"] != c.code || got["field"] != c.field) {
				t.Errorf("%s, %s: %s", name, binding, answer)
			}
		}
	}
	if s.credits() != 100 {
		t.Errorf("%d credits are left", s.credits())
	}
}

// said is a message with one part.
func said(part, metadata string) string {
	return `{"message":{"messageId":"m","role":"ROLE_USER","parts":[{` + part + `}],"metadata":{` + metadata + `}},"configuration":{"returnImmediately":true}}`
}

// metadata is what an answer's details say.
func metadata(t *testing.T, answer string) map[string]string {
	t.Helper()
	if _, data, streamed := strings.Cut(answer, "data: "); streamed {
		answer = data
	}
	type details []struct {
		Metadata map[string]string `json:"metadata"`
	}
	var got struct {
		Error struct{ Data, Details details } `json:"error"`
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	for _, d := range append(got.Error.Data, got.Error.Details...) {
		return d.Metadata
	}
	return nil
}

func (s *site) post(path, body string) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.urls[0]+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(s.key))
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(answer)
}
