package a2aserver

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// The SDK's handlers answer a deletion with nothing at all, which other SDKs take for a
// broken answer: JSON-RPC wants a result, and HTTP+JSON an object.

// deletes reports whether a call of JSON-RPC is answered so.
func deletes(method string) bool {
	return method == "DeleteTaskPushNotificationConfig" || method == "tasks/pushNotificationConfig/delete"
}

// withResult serves r, and gives an answer without a result or an error an empty one.
func withResult(h http.Handler, w http.ResponseWriter, r *http.Request) {
	short := &kept{ResponseWriter: w}
	h.ServeHTTP(short, r)
	answer := map[string]json.RawMessage{}
	if json.Unmarshal(short.body.Bytes(), &answer) != nil || answer["result"] != nil || answer["error"] != nil {
		_, _ = w.Write(short.body.Bytes())
		return
	}
	answer["result"] = json.RawMessage(`{}`)
	_ = json.NewEncoder(w).Encode(answer)
}

// withObject serves r, and answers with an empty object where there is nothing.
func withObject(h http.Handler, w http.ResponseWriter, r *http.Request) {
	short := &kept{ResponseWriter: w}
	h.ServeHTTP(short, r)
	if short.body.Len() == 0 {
		short.body.WriteString("{}\n")
	}
	_, _ = w.Write(short.body.Bytes())
}

// kept keeps an answer, which is short, until it is known whole.
type kept struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
