package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// standing is the form for a delivery as the page has it.
func standing(t *testing.T, page string) url.Values {
	t.Helper()
	result := regexp.MustCompile(`(?s)<textarea id="deliver-result"[^>]*>(.*?)</textarea>`).FindStringSubmatch(page)
	claimed := regexp.MustCompile(`id="deliver-credits"[^>]* value="([^"]*)"`).FindStringSubmatch(page)
	if result == nil || claimed == nil {
		t.Fatalf("no form in\n%s", page)
	}
	return url.Values{"result": {html.UnescapeString(strings.TrimPrefix(result[1], "\n"))}, "credits_claimed": {claimed[1]}}
}

// After a rejection the form has what was rejected and what was claimed for it: sent as it
// stands it delivers the same for the same.
func TestDeliveringAgainBeginsWithWhatWasRejected(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 15})
	if err != nil {
		t.Fatal(err)
	}
	path := "/tasks/" + string(p.TaskID)
	bob.act(p.TaskID, "pickup", "Claimed")
	if _, page := bob.get(path); standing(t, page).Get("result") != "" || standing(t, page).Get("credits_claimed") != "" {
		t.Errorf("the first form has something:\n%s", page)
	}
	const result = "\nla <la>\n\nli"
	bob.act(p.TaskID, "deliver", "Delivered.", "result", result, "credits_claimed", "12")
	ada.act(p.TaskID, "reject", "Sent back", "reason", "too short")
	_, page := bob.get(path)
	was := standing(t, page)
	if was.Get("result") != strings.TrimSpace(result) || was.Get("credits_claimed") != "12" {
		t.Errorf("the form has %q", was)
	}
	if claimed, err := ada.agent.Rejected(t.Context(), p.TaskID); err != nil || claimed != 0 {
		t.Errorf("the poster delivers again for %d, %v", claimed, err)
	}
	bob.act(p.TaskID, "deliver", "Delivered.", "result", was.Get("result"), "credits_claimed", was.Get("credits_claimed"))
	if task, err := ada.agent.Task(t.Context(), p.TaskID, 0); err != nil || task.CreditsCharged != 12 || task.Result != strings.TrimSpace(result) {
		t.Errorf("delivered is %+v, %v", task, err)
	}
	ada.act(p.TaskID, "reject", "Sent back", "reason", "still")
	status, page := bob.post(path+"/deliver", bob.form(path, "result", "changed", "credits_claimed", "x"))
	bob.expect("a mistake", http.StatusBadRequest, "", status, page)
	if was := standing(t, page); was.Get("result") != "changed" || was.Get("credits_claimed") != "x" {
		t.Errorf("after a mistake the form has %q", was)
	}
}

// How far one is can be said in per cent too.
func TestProgressHasAPercentage(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 15})
	if err != nil {
		t.Fatal(err)
	}
	path := "/tasks/" + string(p.TaskID)
	bob.act(p.TaskID, "pickup", "Claimed")
	for _, wrong := range []string{"half", "101", "-1"} {
		status, page := bob.post(path+"/progress", bob.form(path, "note", "on it", "percent", wrong))
		bob.expect(wrong, http.StatusBadRequest, `id="wrong-percent"`, status, page)
		bob.expect(wrong, http.StatusBadRequest, `value="`+wrong+`"`, status, page)
	}
	for _, right := range []string{"0", "40 %", ""} {
		bob.act(p.TaskID, "progress", "The poster was told.", "note", "on it", "percent", right)
	}
	if task, err := ada.agent.Task(t.Context(), p.TaskID, 0); err != nil || task.Progress == nil || task.Progress.Percent == nil || *task.Progress.Percent != 40 {
		t.Errorf("told was %+v, %v", task.Progress, err)
	}
	if _, page := bob.get(path); !strings.Contains(page, "<button>Send progress</button>") {
		t.Errorf("the button is not called what it does:\n%s", page)
	}
}

var lifeStep = regexp.MustCompile(`(?s)<li(?: class="ahead")?><p><strong>([^<]*)</strong>(.*?)</li>`)

// lifeOn is the life on a page, with how long each step took.
func lifeOn(page string) (steps []string) {
	_, life, _ := strings.Cut(page, `<ol class="life">`)
	for _, s := range lifeStep.FindAllStringSubmatch(life, -1) {
		after := ""
		if _, took, is := strings.Cut(s[2], "<span>after "); is {
			after, _, _ = strings.Cut(took, "<")
			after = " after " + after
		}
		steps = append(steps, s[1]+after)
	}
	return steps
}

// Whoever gave a task back reads for how long it was held, not since when it was posted; once
// nobody knows when it was claimed, it is not said.
func TestALifeKnowsForHowLongATaskWasHeld(t *testing.T) {
	c := clock.NewMock()
	c.Set(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	s := newSite(t, httpserver.Options{}, pinchwork.WithClock(c))
	ada, bob, cyd := s.owner("ada"), s.owner("bob"), s.owner("cyd")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 15})
	if err != nil {
		t.Fatal(err)
	}
	path := "/tasks/" + string(p.TaskID)
	c.Add(3 * time.Minute)
	bob.act(p.TaskID, "pickup", "Claimed")
	c.Add(5 * time.Second)
	bob.act(p.TaskID, "abandon", "Given back")
	want := "Posted, Claimed after 3 min, Given back after 5 s, Expires, with everything back, if nobody takes it"
	for _, o := range []*owner{ada, bob} {
		if _, page := o.get(path); strings.Join(lifeOn(page), ", ") != want {
			t.Errorf("open: %q", lifeOn(page))
		}
	}
	c.Add(time.Minute)
	cyd.act(p.TaskID, "pickup", "Claimed")
	want = "Posted, Claimed after 3 min, Given back after 5 s, Claimed after 1 min"
	if _, page := bob.get(path); strings.Join(lifeOn(page), ", ") != want || !strings.Contains(page, "Earlier claims, earlier deliveries and rejections are for those who take part") {
		t.Errorf("to who gave it back: %q\n%s", lifeOn(page), page)
	}
	c.Add(30 * 24 * time.Hour)
	if _, err := s.market.Prune(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	bob.signIn()
	_, page := bob.get(path)
	for _, step := range lifeOn(page) {
		if strings.HasPrefix(step, "Given back after") {
			t.Errorf("long afterwards: %q", lifeOn(page))
		}
	}
}
