package a2aserver

import (
	"bytes"
	"net/http"
	"regexp"
)

// plainly says in words what the SDK says of its types, where the request is none of the
// protocol's: nothing of the inside is shown (rule 14.7).
type plainly struct{ http.ResponseWriter }

var (
	ofTypes   = regexp.MustCompile(`("message":"[a-z ]+: )json: cannot unmarshal (\w+)[^"]*? into Go (?:struct field \w+\.([\w.]+)|value)[^"]*"`)
	isAnError = []byte(`"error":{"code":-32`)
)

func (p plainly) Write(answer []byte) (int, error) {
	n := len(answer)
	if bytes.Contains(answer, isAnError) {
		answer = ofTypes.ReplaceAll(answer, []byte(`${1}a value is of a wrong type ($2): $3"`))
	}
	_, err := p.ResponseWriter.Write(answer)
	return n, err
}

// Flush is for streams.
func (p plainly) Flush() { _ = http.NewResponseController(p.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (p plainly) Unwrap() http.ResponseWriter { return p.ResponseWriter }
