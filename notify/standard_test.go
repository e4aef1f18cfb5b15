package notify

import (
	"net/http"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// delivered is the request of one webhook signed with these secrets.
func delivered(t *testing.T, secret, old string) received {
	t.Helper()
	w, r := newWorld(t), newReceiver(t, nil)
	p := w.profile("ag-1", r.URL, secret)
	p.OldWebhookSecret, p.OldSecretUntil = old, start.Add(time.Second)
	w.commit(&store.Change{Agents: []store.AgentWrite{{New: p, Key: market.APIKey("ag-1").Digest()}}})
	w.deliver(private)
	w.tell("ag-1", 1)
	eventually(t, "delivered", func() bool { return r.count() == 1 })
	return r.all()[0]
}

func verifies(t *testing.T, secret string, got received) bool {
	t.Helper()
	hook, err := standard.NewWebhook(StandardSecret(secret))
	if err != nil {
		t.Fatal(err)
	}
	return hook.VerifyIgnoringTimestamp(got.body, got.header) == nil
}

// The official library accepts what we send, whatever the secret looks like.
func TestWebhooksAreStandardWebhooks(t *testing.T) {
	for _, secret := range []string{
		"my-hmac-secret", "s", strings.Repeat("ß", 500), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!",
	} {
		got := delivered(t, secret, "")
		if !verifies(t, secret, got) || verifies(t, "another", got) {
			t.Errorf("secret %q: the library refuses %v", secret, got.header)
		}
		if id := got.header.Get(HeaderStandardID); id != got.header.Get(HeaderEventID) || strings.Contains(id, ".") {
			t.Errorf("%s is %q, want the event's id", HeaderStandardID, id)
		}
		if at := got.header.Get(HeaderStandardTimestamp); at != "1736937000" {
			t.Errorf("%s is %q, want the instant of the attempt", HeaderStandardTimestamp, at)
		}
	}
}

// During a change a receiver with either secret can verify, by our headers and
// by the library.
func TestEitherSecretVerifiesDuringAChange(t *testing.T) {
	got := delivered(t, "new", "old")
	for _, secret := range []string{"new", "old"} {
		if !verifies(t, secret, got) {
			t.Errorf("the library refuses the %s secret: %v", secret, got.header)
		}
		if !Verify(secret, got.header, got.body) {
			t.Errorf("Verify refuses the %s secret: %v", secret, got.header)
		}
	}
	if Verify("other", got.header, got.body) || Verify("", got.header, got.body) {
		t.Error("Verify accepts another secret")
	}
	if sig := got.header.Get(HeaderSignature); sig != Sign("new", got.body) {
		t.Errorf("%s is %q, want the new secret's alone", HeaderSignature, sig)
	}
	joined := got.header.Get(HeaderSignature) + ", " + got.header.Get(HeaderSignatureOld)
	if !VerifySignature("old", got.body, joined) || !VerifySignature("new", got.body, joined) {
		t.Errorf("VerifySignature refuses %q", joined)
	}
}

func TestWithoutSecretNothingIsSigned(t *testing.T) {
	got := delivered(t, "", "")
	for _, name := range []string{HeaderSignature, HeaderSignatureOld, HeaderStandardSignature} {
		if v, ok := got.header[http.CanonicalHeaderKey(name)]; ok {
			t.Errorf("%s: %q, want none", name, v)
		}
	}
	if got.header.Get(HeaderStandardID) == "" {
		t.Error("there is no id")
	}
}
