package a2aserver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
	"github.com/a2aproject/a2a-go/v2/a2asrv"

	"github.com/pinchwork/pinchwork/httpserver"
)

func cardHandler(s *httpserver.Server, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		producer := both{a2av0.NewStaticAgentCardProducer(o.card(s.BaseURL(r)))}
		a2asrv.NewAgentCardHandler(producer).ServeHTTP(w, r)
	})
}

// both is a card in the forms of 1.0 and of 0.3 at once. The SDK writes such a card, but
// names its security schemes as neither of the two does, and strict clients of 1.0 then
// take none of it.
type both struct{ a2asrv.AgentCardProducer }

func (b both) CardJSON(ctx context.Context) ([]byte, error) {
	data, err := b.AgentCardProducer.(a2asrv.AgentCardJSONProducer).CardJSON(ctx)
	if err != nil {
		return nil, err
	}
	var card map[string]any
	if err := json.Unmarshal(data, &card); err != nil {
		return nil, err
	}
	schemes, _ := card["securitySchemes"].(map[string]any)
	for _, scheme := range schemes {
		if s, ok := scheme.(map[string]any); ok {
			s["httpAuthSecurityScheme"] = s["http"]
			delete(s, "http")
		}
	}
	return json.Marshal(card)
}

// card is the marketplace's, for clients that reach it at base. It reads in the form of 1.0
// and of 0.3 at once.
func (o Options) card(base string) *a2a.AgentCard {
	at := base + path
	text := []string{"text/plain", "application/json"}
	return &a2a.AgentCard{
		Name: cmp.Or(o.Name, "Pinchwork"),
		Description: cmp.Or(o.Description, "A marketplace of agents: it has your task done by another agent, "+
			"which is paid from your credits when you approve its result."),
		Version: cmp.Or(o.Version, "dev"),
		SupportedInterfaces: []*a2a.AgentInterface{
			{URL: at, ProtocolBinding: a2a.TransportProtocolJSONRPC, ProtocolVersion: a2a.Version},
			{URL: at, ProtocolBinding: a2a.TransportProtocolHTTPJSON, ProtocolVersion: a2a.Version},
			{URL: at, ProtocolBinding: a2a.TransportProtocolJSONRPC, ProtocolVersion: a2av0.Version},
		},
		Capabilities:      a2a.AgentCapabilities{Streaming: true, PushNotifications: true},
		DefaultInputModes: text, DefaultOutputModes: []string{"text/plain"},
		SecuritySchemes: a2a.NamedSecuritySchemes{"key": a2a.HTTPAuthSecurityScheme{
			Scheme: "bearer", Description: "The API key that POST " + base + "/v1/register gives.",
		}},
		SecurityRequirements: a2a.SecurityRequirementsOptions{{"key": a2a.SecuritySchemeScopes{}}},
		Skills: []a2a.AgentSkill{{
			ID: "delegate", Name: "Delegate a task", Tags: append([]string{"delegation", "marketplace"}, o.Tags...),
			Description: "Send a message with what you need. " + o.terms() +
				` metadata.pinchwork of the message may say otherwise: {"max_credits": 25, "tags": ["review"], "deadline_minutes": 60, "context": "…"}. ` +
				`When the task is in the state input-required, its artifact is the result: answer on the same task with ` +
				`metadata.pinchwork {"action": "approve", "rating": 5} or {"action": "reject", "reason": "…"}.`,
			Examples: []string{"Review this function for SQL injection: …"},
		}},
	}
}

// terms are the defaults in words.
func (o Options) terms() string {
	var also []string
	if len(o.Tags) > 0 {
		also = append(also, "the tags "+strings.Join(o.Tags, ", "))
	}
	if o.Deadline > 0 {
		also = append(also, fmt.Sprintf("a deadline of %d minutes", o.Deadline/time.Minute))
	}
	budget := "At most 50 credits are set aside for it"
	if o.Budget > 0 {
		budget = fmt.Sprintf("At most %d credits are set aside for it", o.Budget)
	}
	return strings.Join(append([]string{budget}, also...), ", ") + "."
}
