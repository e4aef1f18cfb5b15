package a2aserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"

	"github.com/pinchwork/pinchwork/a2aserver"
)

// The public card says where and how, and what a task costs that says nothing, to clients
// of either dialect.
func TestTheCardReadsInBothDialects(t *testing.T) {
	s := newSite(t, a2aserver.Options{Name: "Shop", Budget: 7, Tags: []string{"shout"}, Deadline: time.Hour})
	for name, parser := range map[string]agentcard.Parser{"1.0": agentcard.DefaultCardParser, "0.3": a2av0.NewAgentCardParser()} {
		card, err := (&agentcard.Resolver{CardParser: parser}).Resolve(t.Context(), s.urls[0])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		scheme, ok := card.SecuritySchemes["key"].(a2a.HTTPAuthSecurityScheme)
		if name == "1.0" && (!ok || scheme.Scheme != "bearer") {
			t.Errorf("%s: schemes %+v", name, card.SecuritySchemes)
		}
		if card.Name != "Shop" || card.SupportedInterfaces[0].URL != s.urls[0]+"/a2a" || !card.Capabilities.Streaming {
			t.Errorf("%s: %+v", name, card)
		}
		for _, says := range []string{"At most 7 credits", "the tags shout", "a deadline of 60 minutes"} {
			if !strings.Contains(card.Skills[0].Description, says) {
				t.Errorf("%s: the card does not say %q", name, says)
			}
		}
	}
	task := s.send(s.client(0, s.key), words("m-1", "", "x", nil))
	got := task.Metadata["pinchwork"].(map[string]any)
	if got["max_credits"] != 7.0 || got["deadline"] == nil {
		t.Errorf("it costs %v", got)
	}
}

// Whoever asks for the card by a host that is none gets no address made of it.
func TestTheCardNamesNoStrangeHost(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.urls[0]+"/.well-known/agent-card.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = `evil"<x>`
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(body), "evil") {
		t.Errorf("%d %s, %v", res.StatusCode, body, err)
	}
}
