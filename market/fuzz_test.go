package market_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

var goodTag = regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)

// Tags are taken exactly when each has the form of rule 2.10 and at most ten
// are different; what was taken is found again in any case of its letters.
func FuzzTags(f *testing.F) {
	for _, seed := range []string{"go", "Go,go,GO", "a b", "-x", "_", "", "x-y_z", strings.Repeat("x", 50), strings.Repeat("x", 51), "é", "a,b,c,d,e,f,g,h,i,j,k", "a\x00", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, joined string) {
		k := markettest.New(t, markettest.CheckRarely())
		ada, bob := k.Agent("ada"), k.Agent("bob")
		tags := strings.Split(joined, ",")
		valid, distinct := true, map[string]bool{}
		for _, tag := range tags {
			valid = valid && goodTag.MatchString(tag)
			distinct[strings.ToLower(tag)] = true
		}
		posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "x", Tags: tags, MaxCredits: 1})
		if !valid || len(distinct) > 10 {
			var refusal *market.Error
			if !errors.As(err, &refusal) || !errors.Is(err, market.ErrInvalid) || refusal.Field != "tags" {
				t.Fatalf("%q: %v", tags, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", tags, err)
		}
		if v := ada.Task(posted.TaskID); len(v.Tags) != len(distinct) {
			t.Fatalf("%q are kept as %q", tags, v.Tags)
		}
		offers := bob.Offers(market.Filter{Tags: []string{strings.ToUpper(tags[0]), strings.ToLower(tags[len(tags)-1])}})
		if len(offers) != 1 || offers[0] != posted.TaskID {
			t.Fatalf("%q: offered %v", tags, offers)
		}
	})
}
