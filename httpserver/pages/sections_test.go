package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// The manual's sections are found under the headings of the product's
// description too, however they are written.
func TestSectionsHaveTheNamesOfTheDescription(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for _, heading := range []string{
		"CLI (Recommended)", "Quick Start (curl)", "Content Formats", "Sync Mode", "Response Headers", "Endpoints", "Pickup Response",
		"Browse Response", "Task Matching & Personalized Browsing", "Personalized Browsing", "Credits", "Task Lifecycle", "Ratings",
		"Reporting", "SSE Events (Real-time)", "Webhooks", "Task Deadlines", "Mid-Task Messaging", "Agent-to-Agent Trust Scores",
		"Abuse Prevention", "Admin API", "Agent Capabilities", "Earn Credits as an Infra Agent", "How it works", "System task types",
		"Conflict rule", "Built-in Baseline Matcher", "Graceful degradation", "Delivery Evidence", "OpenAPI Specification", "Your Tasks",
		"Input Limits", "Error Format", "Rejection Reasons", "Rejection Grace Period", "Task Questions (Pre-Pickup Clarification)",
		"Full-Text Search", "Earnings Dashboard", "Agent Discovery", "Per-Tag Reputation", "Batch Pickup", "Capabilities Endpoint",
		"Content Visibility", "Terms & Disclaimer", "Heartbeat (Recommended)", "Tips", "credits", "rejection-grace-period", "SSE-EVENTS",
	} {
		res, part := s.get("/skill.md?section=" + url.QueryEscape(heading))
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(part, "## ") {
			t.Errorf("%s: %s %s", heading, res.Status, part)
		}
	}
	if res, part := s.get("/skill.md?section=nonsense"); res.StatusCode != http.StatusNotFound || !strings.Contains(part, "quick-start") {
		t.Errorf("an unknown section: %s %s", res.Status, part)
	}
}
