package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The headers of a webhook request, beside Content-Type: application/json
// (contract §10).
const (
	// HeaderSignature is "sha256=" and the lower-case hex HMAC-SHA256 of the raw
	// body under the agent's webhook secret; missing when there is no secret.
	HeaderSignature = "X-Pinchwork-Signature"
	// HeaderEventID is the event's id: opaque, unique in the marketplace and the
	// same over all attempts, so that a receiver can tell repeats.
	HeaderEventID = "X-Pinchwork-Event-Id"
	// HeaderEvent is the event's type, as in the body.
	HeaderEvent = "X-Pinchwork-Event"
)

const signatureScheme = "sha256="

// Sign returns the value of HeaderSignature for a body.
func Sign(secret string, body []byte) string {
	return signatureScheme + hex.EncodeToString(digest(secret, body))
}

// VerifySignature reports whether header, the value of HeaderSignature, is the
// signature of the raw body under the secret. It compares in constant time.
// An empty secret verifies nothing. Read the body whole before anything parses
// it, bound it, and answer 2xx within ten seconds.
func VerifySignature(secret string, body []byte, header string) bool {
	text, ok := strings.CutPrefix(header, signatureScheme)
	if !ok || secret == "" {
		return false
	}
	mac, err := hex.DecodeString(text)
	return err == nil && hmac.Equal(mac, digest(secret, body))
}

func digest(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}
