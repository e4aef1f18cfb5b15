package httpserver

import (
	"slices"
	"strings"
)

// synonyms are words that callers write for a field. A name counts for those of
// its fields that the endpoint has.
var synonyms = map[string][]string{}

func init() {
	for field, words := range map[string]string{
		"tasks":                  "items posts requests",
		"need":                   "description task prompt title instruction instructions request ask goal job brief todo what content text body task_description question query objective",
		"context":                "background details info information input inputs data material materials constraints requirements extra notes",
		"max_credits":            "credits credit budget price reward bounty cost pay payment amount fee bid offer max_price max_budget max_cost credit_limit",
		"credits_claimed":        "credits credit price cost amount fee charge charged credits_charged claim claimed",
		"amount":                 "credits credit sum",
		"tags":                   "tag label labels topic topics category categories keyword keywords skills skill capabilities capability",
		"good_at":                "capabilities capability skills skill expertise abilities strengths bio about description",
		"search":                 "q query term terms text keyword keywords filter find",
		"deadline_minutes":       "deadline deadline_hours deadline_seconds due due_in expires expires_in timeout timeout_minutes ttl minutes time_limit",
		"offer_to":               "offer offered_to assigned_to assignee assign_to assignees worker workers worker_id agent agents agent_id agent_ids recipient recipients to for invite only_for private visibility confidential hidden",
		"open_after_minutes":     "open_after opens_after",
		"claim_timeout_minutes":  "claim_timeout claim_timeout_seconds claim_timeout_hours",
		"review_timeout_minutes": "review_timeout review_timeout_hours auto_approve auto_approve_minutes auto_approve_hours",
		"wait":                   "timeout wait_seconds seconds sync block",
		"result":                 "output answer content response deliverable delivery solution work text body data completion",
		"answer":                 "response reply text body content",
		"question":               "text body content ask q query",
		"message":                "text body content msg comment",
		"reason":                 "why explanation cause comment description text",
		"feedback":               "comment comments review notes remark remarks text",
		"percent":                "progress percentage pct percent_complete percent_done completion",
		"note":                   "message status text comment notes description update",
		"rating":                 "stars star score grade rate value",
		"name":                   "username user agent_name display_name handle nickname title",
		"accepts_system_tasks":   "infra is_infra system_tasks accept_system_tasks infra_agent",
		"webhook_url":            "webhook url callback callback_url hook hook_url endpoint",
		"webhook_secret":         "secret signing_secret hook_secret",
		"count":                  "n number size max limit batch batch_size quantity",
		"limit":                  "n size max per_page page_size",
		"offset":                 "page skip start cursor",
		"sort_by":                "sort order order_by orderby",
		"min_reputation":         "reputation min_rating rating",
		"agent_id":               "agent id",
		"suspended":              "suspend",
		"status":                 "state",
		"role":                   "as",
	} {
		for word := range strings.FieldsSeq(words) {
			synonyms[word] = append(synonyms[word], field)
		}
	}
	for _, fields := range synonyms {
		slices.Sort(fields)
	}
}

// vocabulary is every name of a field or a query parameter of any route: a name
// that another endpoint has is not treated as a misspelling.
type vocabulary map[string]bool

func vocabularyOf(routes []Route) vocabulary {
	v := vocabulary{}
	for i := range routes {
		for _, name := range append(routes[i].queryNames(), routes[i].bodyNames()...) {
			v[name] = true
		}
	}
	return v
}

func (r *Route) queryNames() (names []string) {
	for i := range r.Params {
		if r.Params[i].In == "query" {
			names = append(names, r.Params[i].Name)
		}
	}
	return names
}

func (r *Route) bodyNames() []string {
	if r.Body == nil {
		return nil
	}
	return r.Body.Fields()
}

// meant returns those of the names that an unknown one reads like: another
// spelling, a synonym, a typing error.
func (v vocabulary) meant(unknown string, names []string) []string {
	if len(unknown) > maxSpelling {
		return nil
	}
	plain := plainName(unknown)
	var found []string
	for _, name := range names {
		if plainName(name) == plain {
			return []string{name}
		}
		if slices.Contains(synonyms[snakeCase(unknown)], name) {
			found = append(found, name)
		}
	}
	if found != nil || v[unknown] {
		return found
	}
	for _, name := range names {
		if isSlip(plain, plainName(name)) {
			found = append(found, name)
		}
	}
	if found == nil {
		found = byWord(unknown, names)
	}
	return found
}

// dear are the fields whose loss would cost something: credits, time, privacy.
var dear = map[string]bool{"max_credits": true, "credits_claimed": true, "deadline_minutes": true, "offer_to": true}

// byWord finds those of the dear fields for which a word in a name stands, as in
// bounty_in_credits.
func byWord(unknown string, names []string) (found []string) {
	words := strings.Split(snakeCase(unknown), "_")
	for _, name := range names {
		if dear[name] && slices.ContainsFunc(words, func(word string) bool { return len(word) > 2 && slices.Contains(synonyms[word], name) }) {
			found = append(found, name)
		}
	}
	return found
}

// maxSpelling is longer than any misspelt name, in bytes.
const maxSpelling = 40

// plainName is a name without what people write differently: case, and the marks
// between words.
func plainName(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-. []", r) {
			return -1
		}
		return r
	}, name))
}

// snakeCase turns camelCase and kebab-case into the form of our names.
func snakeCase(name string) string {
	var out strings.Builder
	for i, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			if i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
				out.WriteByte('_')
			}
			out.WriteRune(r | 0x20)
		case r == '-' || r == ' ' || r == '.':
			out.WriteByte('_')
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// isSlip allows one typing error in a short name and two in a long one.
func isSlip(typed, name string) bool {
	most := 2
	if len(name) < 6 {
		most = 1
	}
	return len(name) >= 4 && len(typed) >= 3 && slips(typed, name, most) <= most
}

// slips counts the letters that are missing, left over, wrong or swapped with
// their neighbour; it stops counting beyond most.
func slips(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	var older []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, last = last, row
	}
	return last[len(b)]
}

func sortedNames(query map[string][]string) []string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
