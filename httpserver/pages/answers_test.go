package pages_test

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/matcher"
)

//go:embed testdata/questions.txt
var questionsFile string

// question is what an agent would ask, where the answer stands, and what is in it.
type question struct {
	asked, section string
	facts          []string
}

var (
	figure = regexp.MustCompile(`\{([a-z_]+)(?: ([a-z_]+))?\}`)
	number = regexp.MustCompile(`\b\d+\b`)
	space  = regexp.MustCompile(`\s+`)
)

// notFigures are numbers of examples, of the protocol and of nothing that anybody could set.
var notFigures = []string{"200 ", "204", "wait=60", `"overlap_minutes": 0`, "SHA256", "1 to 5", "1 to ", "less than 1"}

// questions reads the answer key. Figures are those of the code: the file has none.
func questions(t *testing.T) (list []question) {
	t.Helper()
	known := figures(t)
	for line := range strings.Lines(questionsFile) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		asked, rest, _ := strings.Cut(line, " | ")
		section, facts, whole := strings.Cut(rest, " | ")
		if !whole || !strings.HasSuffix(asked, "?") && !strings.HasSuffix(asked, ".") {
			t.Fatalf("%q is no question with its section and facts", line)
		}
		q := question{asked: asked, section: section}
		for fact := range strings.SplitSeq(facts, ";") {
			q.facts = append(q.facts, withFigures(t, strings.TrimSpace(fact), known))
		}
		list = append(list, q)
	}
	return list
}

func withFigures(t *testing.T, fact string, known map[string]string) string {
	t.Helper()
	plain := figure.ReplaceAllString(fact, "")
	for _, s := range notFigures {
		plain = strings.ReplaceAll(plain, s, "")
	}
	if n := number.FindString(plain); n != "" {
		t.Errorf("the fact %q has the figure %s, which should come from the code", fact, n)
	}
	return figure.ReplaceAllStringFunc(fact, func(s string) string {
		m := figure.FindStringSubmatch(s)
		switch m[1] {
		case "status":
			return fmt.Sprint(httpserver.StatusOf(market.Code(m[2])))
		case "rate":
			return rates[m[2]].String()
		}
		if value, is := known[m[1]]; is {
			return value
		}
		t.Errorf("%q: there is no figure %s", fact, m[1])
		return s
	})
}

var rates = map[string]httpserver.Limit{
	"register": httpserver.DefaultLimits().Register, "create": httpserver.DefaultLimits().Create,
	"pickup": httpserver.DefaultLimits().Pickup, "deliver": httpserver.DefaultLimits().Deliver,
}

// figures are the constants of the market and the settings of a server whose operator has
// changed nothing, as the manual writes them.
func figures(t *testing.T) map[string]string {
	t.Helper()
	p := market.DefaultPolicy()
	out := map[string]string{
		"initial_credits": whole(p.InitialCredits), "fee": fmt.Sprint(p.FeePercent), "waits": whole(p.MaxWaits), "abandon_limit": whole(p.AbandonLimit),
		"max_claims": whole(p.MaxOpenClaims), "newcomer_claims": whole(p.NewcomerClaims),
		"task_expiry": short(p.TaskExpiry), "auto_approve": short(p.AutoApprove), "grace": short(p.RejectionGrace), "claim_timeout": short(p.ClaimTimeout),
		"abandon_cooldown": short(p.AbandonCooldown), "head_start": short(p.MatchHeadStart), "match_timeout": short(p.MatchTimeout), "retention": short(p.EventRetention),
		"max_credits": whole(limits.Credits), "wait": whole(limits.WaitSeconds), "minutes": whole(limits.Minutes), "offer_to": whole(limits.OfferTo),
		"post_batch": whole(limits.PostBatch), "unanswered": whole(limits.Unanswered), "agent_tags": whole(limits.AgentTags), "tags": whole(limits.Tags),
		"need": whole(limits.Need), "context": whole(limits.Context), "result": whole(limits.Result),
		"claim_held_days": whole(int(limits.ClaimHeld.Hours() / 24)), "max_matches": whole(matcher.MaxMatches),
	}
	const decisions = "market/internal/rules/"
	for name, at := range map[string][2]string{
		"default_credits": {decisions + "limits.go", "DefaultCredits"}, "preview": {"market/activity.go", "maxPublicNeed"},
		"pay_match": {decisions + "system.go", "payMatch"}, "pay_verify": {decisions + "system.go", "payVerify"}, "pay_extract": {decisions + "system.go", "payExtract"},
		"proven_tasks": {decisions + "policy.go", "provenTasks"}, "proven_posters": {decisions + "policy.go", "provenPosters"},
		"webhook_retries": {"notify/webhooks.go", "defaultRetries"}, "demand_posters": {"market/internal/demand/demand.go", "Posters"},
	} {
		out[name] = whole(constantOf(t, at[0], at[1]))
	}
	seconds := func(file, name string) string { return whole(constantOf(t, file, name) / int64(time.Second)) }
	out["heartbeat"], out["webhook_timeout"] = seconds("httpserver/server.go", "heartbeat"), seconds("notify/webhooks.go", "defaultTimeout")
	out["demand_days"] = whole(constantOf(t, "market/demand.go", "demandDays") / int64(24*time.Hour))
	out["idempotency_hours"] = whole(constantOf(t, "market/idempotency.go", "idempotencyLife") / int64(time.Hour))
	for _, r := range httpserver.Routes() {
		for _, p := range r.Params {
			if r.Path == "/v1/tasks/available" && p.Name == "limit" {
				out["page_limit"] = fmt.Sprint(p.Default)
			}
		}
	}
	return out
}

// whole writes a number as the manual does.
func whole[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short writes a time as the manual does.
func short(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "h0m") + map[bool]string{true: "h"}[d%time.Hour == 0]
}

// Each question is answered by one section, short enough for any context, with all that the
// answer has to say.
func TestTheManualAnswers(t *testing.T) {
	s, tokens, asked := withAll(t), counter(t), questions(t)
	if len(asked) < 60 {
		t.Errorf("there are %d questions", len(asked))
	}
	names := s.sections()
	for _, q := range asked {
		if !slices.Contains(names, q.section) {
			t.Errorf("%s: there is no section %s", q.asked, q.section)
			continue
		}
		text := space.ReplaceAllString(s.section(q.section), " ")
		if n := tokens(text); n > sectionTokens {
			t.Errorf("%s: section %s has %d tokens", q.asked, q.section, n)
		}
		for _, fact := range q.facts {
			if !says(text, fact) {
				t.Errorf("%s: section %s does not say %q: %s", q.asked, q.section, fact, text)
			}
		}
	}
}

// says reports whether a text contains a fact, a figure as a whole and not as a part of another.
func says(text, fact string) bool {
	form := regexp.QuoteMeta(strings.ToLower(fact))
	if fact[0] >= '0' && fact[0] <= '9' {
		form = `(?:^|[^\d,])` + form
	}
	if last := fact[len(fact)-1]; last >= '0' && last <= '9' {
		form += `(?:$|[^\d,]|,[^\d])`
	}
	return regexp.MustCompile(form).MatchString(strings.ToLower(text))
}
