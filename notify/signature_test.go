package notify

import (
	"strings"
	"testing"
)

// The expected value was computed with `openssl dgst -sha256 -hmac`.
func TestSignIsHMAC(t *testing.T) {
	const want = "sha256=b1aed81ca7b413396e304349b43d45fac97225019f5067f4206a0d515ef4d261"
	if got := Sign("my-hmac-secret", []byte(`{"event":"task_delivered"}`)); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

func TestVerifySignature(t *testing.T) {
	body := []byte(`{"event":"task_delivered"}`)
	good := Sign("secret", body)
	for name, c := range map[string]struct {
		secret, body, header string
		want                 bool
	}{
		"good":         {"secret", string(body), good, true},
		"upper case":   {"secret", string(body), "sha256=" + strings.ToUpper(good[7:]), true},
		"other secret": {"Secret", string(body), good, false},
		"other body":   {"secret", string(body) + " ", good, false},
		"cut":          {"secret", string(body), good[:len(good)-2], false},
		"longer":       {"secret", string(body), good + "00", false},
		"no scheme":    {"secret", string(body), good[7:], false},
		"other scheme": {"secret", string(body), "sha1=" + good[7:], false},
		"not hex":      {"secret", string(body), "sha256=xyz", false},
		"missing":      {"secret", string(body), "", false},
		"empty secret": {"", string(body), Sign("", body), false},
	} {
		if got := VerifySignature(c.secret, []byte(c.body), c.header); got != c.want {
			t.Errorf("%s: VerifySignature = %v, want %v", name, got, c.want)
		}
	}
}
