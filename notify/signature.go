package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// The headers of a webhook request, beside Content-Type: application/json
// (rule 12.2).
const (
	// HeaderSignature is "sha256=" and the lower-case hex HMAC-SHA256 of the raw
	// body under the agent's webhook secret; missing when there is no secret.
	HeaderSignature = "X-Pinchwork-Signature"
	// HeaderSignatureOld is the same under the previous secret, for 24 hours after
	// a change, so that a receiver may switch at any time within them.
	HeaderSignatureOld = "X-Pinchwork-Signature-Old"
	// HeaderEventID is the event's id: opaque, unique in the marketplace and the
	// same over all attempts, so that a receiver can tell repeats.
	HeaderEventID = "X-Pinchwork-Event-Id"
	// HeaderEvent is the event's type, as in the body.
	HeaderEvent = "X-Pinchwork-Event"
)

// The same in the form of Standard Webhooks (standardwebhooks.com), for which
// there are libraries in many languages: the id of HeaderEventID, the instant of
// the attempt in seconds since 1970, and "v1," with the base64 HMAC-SHA256 of
// "id.timestamp.body"; two of those with a space between while two secrets hold.
//
// A library is given the secret as StandardSecret writes it.
const (
	HeaderStandardID        = "Webhook-Id"
	HeaderStandardTimestamp = "Webhook-Timestamp"
	HeaderStandardSignature = "Webhook-Signature"
)

const (
	signatureScheme = "sha256="
	standardScheme  = "v1,"
	standardPrefix  = "whsec_"
)

// Sign returns the value of HeaderSignature for a body.
func Sign(secret string, body []byte) string {
	return signatureScheme + hex.EncodeToString(digest([]byte(secret), body))
}

// Verify reports whether a webhook's request, of which these are the header and
// the raw body, was signed with the secret: the current one or, for 24 hours
// after a change, the previous one. It compares in constant time. An empty
// secret verifies nothing. Read the body whole before anything parses it, bound
// it, and answer 2xx within ten seconds.
func Verify(secret string, header http.Header, body []byte) bool {
	return VerifySignature(secret, body, header.Get(HeaderSignature)) ||
		VerifySignature(secret, body, header.Get(HeaderSignatureOld))
}

// VerifySignature is Verify for the value of one header, HeaderSignature or
// HeaderSignatureOld, or of both with a comma or a space between.
func VerifySignature(secret string, body []byte, header string) bool {
	if secret == "" {
		return false
	}
	valid := false
	for _, one := range strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ' ' }) {
		text, ok := strings.CutPrefix(one, signatureScheme)
		mac, err := hex.DecodeString(text)
		if ok && err == nil && hmac.Equal(mac, digest([]byte(secret), body)) {
			valid = true
		}
	}
	return valid
}

// StandardSecret returns a webhook secret as libraries of Standard Webhooks take
// it: "whsec_" and the base64 of its bytes. A secret that has this form already
// is returned as it is, and its decoded bytes are the key.
func StandardSecret(secret string) string {
	if _, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, standardPrefix)); err == nil && strings.HasPrefix(secret, standardPrefix) {
		return secret
	}
	return standardPrefix + base64.StdEncoding.EncodeToString([]byte(secret))
}

// sign sets the headers that identify and sign a delivery.
func sign(h http.Header, job *store.WebhookJob, body []byte, now time.Time) {
	id, at := job.Event.DeliveryID(), strconv.FormatInt(now.Unix(), 10)
	h.Set(HeaderStandardID, id)
	h.Set(HeaderStandardTimestamp, at)
	if job.Secret == "" {
		return
	}
	h.Set(HeaderSignature, Sign(job.Secret, body))
	standard := standardSignature(job.Secret, id, at, body)
	if job.OldSecret != "" {
		h.Set(HeaderSignatureOld, Sign(job.OldSecret, body))
		standard += " " + standardSignature(job.OldSecret, id, at, body)
	}
	h.Set(HeaderStandardSignature, standard)
}

func standardSignature(secret, id, at string, body []byte) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(StandardSecret(secret), standardPrefix))
	signed := append([]byte(id+"."+at+"."), body...)
	return standardScheme + base64.StdEncoding.EncodeToString(digest(key, signed))
}

func digest(key, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(nil)
}
