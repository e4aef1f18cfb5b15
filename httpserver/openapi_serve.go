package httpserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// openAPI serves the document. It is made once; only the server's address, at
// its beginning, differs from request to request.
func openAPI(c *call) (any, error) {
	body, err := c.server.document()
	if err != nil {
		return nil, err
	}
	base, err := c.server.baseURL(c.request)
	if err != nil {
		return nil, err
	}
	servers, err := json.Marshal(serversOf(base))
	if err != nil {
		return nil, err
	}
	whole := append(append(append([]byte(`{"servers":`), servers...), ','), body[1:]...)
	digest := sha256.Sum256(whole)
	etag := `"` + hex.EncodeToString(digest[:16]) + `"`
	h := c.Header()
	h.Set("Etag", etag)
	h.Set("Cache-Control", "no-cache") // keep it, and ask whether it is still right
	h["X-Content-Type-Options"] = noSniff
	if matches(c.request.Header.Values("If-None-Match"), etag) {
		c.WriteHeader(http.StatusNotModified)
		return nil, nil
	}
	c.write(http.StatusOK, asJSON, whole)
	return nil, nil
}

// makeDocument writes the API document without servers.
func (s *Server) makeDocument() ([]byte, error) {
	d := s.OpenAPI("")
	delete(d, "servers")
	return json.Marshal(d)
}

// matches reports whether one of the tags of If-None-Match is the etag; whether
// it is a weak one does not matter for a read.
func matches(headers []string, etag string) bool {
	for tag := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || tag == etag {
			return true
		}
	}
	return false
}
