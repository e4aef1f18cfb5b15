package matcher_test

import (
	"slices"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/matcher"
)

// The words of need and tags are compared with those of an agent's tags and good_at,
// both ways.
func TestTheDirectoryComparesWordsByStem(t *testing.T) {
	for _, tt := range []struct {
		name string
		task market.PostInput
		as   markettest.AgentOption
		want bool
		head bool
	}{
		{"forms of a word", market.PostInput{Need: "A translator of letters"}, markettest.GoodAt("translating a letter"), true, true},
		{"a word of the need in a tag", market.PostInput{Need: "Review this"}, markettest.Capable("code-review"), true, false},
		{"a word of a tag in good_at", market.PostInput{Need: "x", Tags: []string{"machineLearning"}}, markettest.GoodAt("learning by doing"), true, false},
		{"a word of a tag in a tag", market.PostInput{Need: "x", Tags: []string{"web_scraping"}}, markettest.Capable("scraper"), true, false},
		{"one word in a tag and in good_at", market.PostInput{Need: "scraping"}, markettest.Capable("scraper"), true, false},
		{"with and without a hyphen", market.PostInput{Need: "x", Tags: []string{"front-end"}}, markettest.Capable("frontend"), true, false},
		{"a tag", market.PostInput{Need: "x", Tags: []string{"go"}}, markettest.Capable("Go"), true, true},
		{"a short word alone", market.PostInput{Need: "x", Tags: []string{"go-api"}}, markettest.Capable("go"), false, false},
		{"stop words of other languages", market.PostInput{Need: "Der Hund und die Katze", Tags: []string{"und-die"}}, markettest.GoodAt("und die der"), false, false},
		{"other words", market.PostInput{Need: "Review this"}, markettest.GoodAt("cooking"), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			heard := &overheard{Matcher: matcher.New()}
			k := markettest.New(t, markettest.With(pinchwork.WithMatcher(heard)))
			ada, bob := k.Agent("ada"), k.Agent("bob", tt.as)
			tt.task.MaxCredits = 1
			if _, err := ada.API.Post(k.Ctx, tt.task); err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(heard.last.Agents, bob.ID); got != tt.want || heard.last.HeadStart != tt.head {
				t.Errorf("matched %+v, want bob %v and a head start %v", heard.last, tt.want, tt.head)
			}
		})
	}
}
