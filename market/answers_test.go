package market_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// modelAnswer is an answer of the corpus with its right reading.
type modelAnswer struct{ title, text, reading string }

// corpus reads a file of testdata/answers, whose form its README tells.
func corpus(t *testing.T, name string) []modelAnswer {
	t.Helper()
	data, err := os.ReadFile("testdata/answers/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []modelAnswer
	for _, part := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		i := strings.LastIndex("\n"+rest, "\n-->")
		if i < 0 {
			t.Fatalf("%s: %q has no reading", name, title)
		}
		out = append(out, modelAnswer{title, strings.TrimSuffix(rest[:i], "\n"), strings.TrimSpace(strings.TrimPrefix(rest[i:], "-->"))})
	}
	return out
}

// cast are the agents that the corpus speaks of.
type cast map[string]*markettest.Agent

func (c cast) ids(text string) string {
	for name, a := range c {
		text = strings.ReplaceAll(text, "@"+name, string(a.ID))
	}
	return text
}

func newCast(k *markettest.Kit) cast {
	c := cast{"poster": k.Agent("poster", markettest.Granted(100_000))}
	for _, name := range []string{"bob", "eve", "dan", "suspended"} {
		c[name] = k.Agent(name)
	}
	c["self"] = k.Agent("self", markettest.Infra())
	k.Suspend(c["suspended"], true)
	k.Appoint(c["self"])
	return c
}

func TestTheCorpusIsLarge(t *testing.T) {
	if n := len(corpus(t, "match.txt")) + len(corpus(t, "verify.txt")) + len(corpus(t, "extract.txt")); n < 100 {
		t.Errorf("%d answers", n)
	}
}

// used fails unless the answer's own response says whether it had an effect.
func used(t *testing.T, v market.Task, want bool) {
	t.Helper()
	if v.AnswerUsed == nil || *v.AnswerUsed != want || (v.Feedback == "") != want {
		t.Errorf("the infra agent is told %v, %q", v.AnswerUsed, v.Feedback)
	}
}

func TestMatchAnswersOfModels(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely(), markettest.Policy(func(p *market.Policy) { p.SystemPayPerDay = 0 }))
	c := newCast(k)
	for _, a := range corpus(t, "match.txt") {
		t.Run(a.title, func(t *testing.T) {
			id := c["poster"].Post("task", markettest.Budget(1))
			v := c["self"].Deliver(take(t, c["self"], market.MatchAgents).TaskID, c.ids(a.text))
			used(t, v, a.reading != "nothing")
			want, tags, _ := strings.Cut(strings.ReplaceAll(c.ids(a.reading), "nothing", ""), "|")
			got := k.Stored(id)
			var agents []string
			if got.Matching != nil {
				for _, id := range got.Matching.Agents {
					agents = append(agents, string(id))
				}
			}
			if !slices.Equal(agents, strings.Fields(want)) || !slices.Equal(got.ExtractedTags, strings.Fields(tags)) {
				t.Errorf("read as %v | %v, want %s | %s", agents, got.ExtractedTags, want, tags)
			}
			c["poster"].Cancel(id)
		})
	}
}

func TestVerdictsOfModels(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely(), markettest.Policy(func(p *market.Policy) { p.SystemPayPerDay = 0 }))
	c := newCast(k)
	for _, a := range corpus(t, "verify.txt") {
		t.Run(a.title, func(t *testing.T) {
			id := c["poster"].Post("task", markettest.Budget(1))
			c["bob"].Claim(id)
			c["bob"].Deliver(id, "done")
			v := c["self"].Deliver(take(t, c["self"], market.VerifyCompletion).TaskID, c.ids(a.text))
			used(t, v, a.reading != "unusable")
			got := "unusable"
			if v := c["poster"].Task(id).Verification; v.MeetsRequirements != nil {
				got = "false | "
				if *v.MeetsRequirements {
					got = "true | "
				}
				got = strings.TrimSpace(got + strings.ReplaceAll(v.Explanation, "\n", `\n`))
			} else if v.Status != store.VerificationUnusable || v.Explanation != "" {
				t.Errorf("no verdict, but %+v", v)
			}
			if got != a.reading {
				t.Errorf("read as %q, want %q", got, a.reading)
			}
			c["poster"].Approve(id)
		})
	}
}

func TestExtractionsOfModels(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely(), markettest.Policy(func(p *market.Policy) { p.SystemPayPerDay = 0 }))
	c := newCast(k)
	for _, a := range corpus(t, "extract.txt") {
		t.Run(a.title, func(t *testing.T) {
			subject := k.Agent("subject", markettest.GoodAt("this and that"))
			v := c["self"].Deliver(take(t, c["self"], market.ExtractCapabilities).TaskID, c.ids(a.text))
			used(t, v, a.reading != "nothing")
			want := strings.Fields(strings.ReplaceAll(a.reading, "nothing", ""))
			if got := subject.Profile().Tags; !slices.Equal(got, want) {
				t.Errorf("read as %q, want %q", got, want)
			}
		})
	}
}
