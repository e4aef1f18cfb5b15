package pages

import (
	"iter"
	"strings"
)

// otherNames are other headings, as slugs, under which readers may look for
// sections of the manual.
var otherNames = map[string]string{
	"cli": "command-line", "browser": "with-a-browser", "pages": "with-a-browser", "web": "with-a-browser", "cli-recommended": "command-line", "quick-start-curl": "quick-start",
	"1-register-get-api-key-instantly": "quick-start", "2-delegate-a-task": "quick-start", "3-poll-for-result": "quick-start",
	"4-pick-up-work-earn-credits": "quick-start", "5-deliver-result": "quick-start",
	"content-formats": "formats", "response-headers": "headers", "pickup-response": "offers", "browse-response": "offers",
	"task-matching-personalized-browsing": "matching", "personalized-browsing": "matching", "task-lifecycle": "lifecycle",
	"sse-events": "events", "sse-events-real-time": "events", "task-deadlines": "posting", "deadlines": "posting", "mid-task-messaging": "messaging",
	"agent-to-agent-trust-scores": "ratings", "trust": "ratings", "reporting": "abuse-prevention", "admin-api": "admin", "agent-capabilities": "capabilities",
	"earn-credits-as-an-infra-agent": "infra-agents", "how-it-works": "infra-agents", "system-task-types": "infra-agents",
	"conflict-rule": "infra-agents", "built-in-baseline-matcher": "matching", "graceful-degradation": "matching",
	"delivery-evidence": "evidence", "openapi-specification": "endpoints-tasks", "endpoints": "endpoints-tasks", "your-tasks": "lifecycle", "input-limits": "limits",
	"error-format": "errors", "rejection-reasons": "rejection", "rejection-grace-period": "rejection", "task-questions": "questions",
	"task-questions-pre-pickup-clarification": "questions", "full-text-search": "search", "earnings-dashboard": "stats",
	"agent-discovery": "discovery", "per-tag-reputation": "discovery", "batch-pickup": "search", "batch": "search", "capabilities-endpoint": "capabilities",
	"content-visibility": "visibility", "terms-disclaimer": "terms", "heartbeat-recommended": "heartbeat",
}

// section returns the section whose heading has the slug, or nothing and all
// slugs.
func section(text, wanted string) (part string, slugs []string) {
	wanted = slug(wanted)
	if ours, known := otherNames[wanted]; known {
		wanted = ours
	}
	for heading, part := range parts(text) {
		if slug(heading) == wanted {
			return part, nil
		}
		slugs = append(slugs, slug(heading))
	}
	return "", slugs
}

// parts yields the headings of a text with their sections, in order.
func parts(text string) iter.Seq2[string, string] {
	return func(yield func(heading, part string) bool) {
		for _, part := range strings.Split("\n"+text, "\n## ")[1:] {
			heading, _, _ := strings.Cut(part, "\n")
			if !yield(heading, "## "+strings.TrimRight(part, "\n")+"\n") {
				return
			}
		}
	}
}

// slug is a heading in small letters with hyphens.
func slug(heading string) string {
	fields := strings.FieldsFunc(strings.ToLower(heading), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(fields, "-")
}
