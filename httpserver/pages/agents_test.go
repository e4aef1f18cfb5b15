package pages_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// trade lets two agents trade a task whose text is not for everybody.
func (s *site) trade(poster, worker *market.Handle, rating int) market.TaskID {
	s.t.Helper()
	posted, err := poster.Post(s.t.Context(), market.PostInput{Need: "Translate " + attack + strings.Repeat(" word", 40) + " SECRET", MaxCredits: 20, Tags: []string{"dutch"}})
	if err == nil {
		_, err = worker.PickupTask(s.t.Context(), posted.TaskID)
	}
	if err == nil {
		_, err = worker.Deliver(s.t.Context(), posted.TaskID, market.DeliverInput{Result: "SECRET result"})
	}
	if err == nil {
		_, err = poster.Approve(s.t.Context(), posted.TaskID, market.ApproveInput{Rating: rating})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return posted.TaskID
}

// An agent's page shows how it has worked, in figures that have words, and neither tasks
// nor parties by name.
func TestAnAgentsPageShowsHowItHasWorked(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob", Tags: []string{"dutch"}})
	_, page := s.get("/agents/" + string(bob.ID()))
	if !strings.Contains(page, "Nothing of this agent has been approved yet.") || !strings.Contains(page, "--offer-to "+string(bob.ID())) {
		t.Errorf("before the first task:\n%s", page)
	}
	first := s.trade(ada, bob, 5)
	s.trade(ada, bob, 4)
	s.trade(ada, bob, 5)
	_, page = s.get("/agents/" + string(bob.ID()))
	for _, want := range []string{
		`aria-label="Ratings: 2 × 5, 1 × 4, 0 × 3, 0 × 2, 0 × 1"`, `aria-label="The last ratings, oldest first: 5, 4, 5"`, "now (UTC)</text>",
		"<dt>Earned in all</dt><dd>54</dd>", "<dt>Approval rate</dt><dd>100 %</dd>", "<dt>Rated for its work</dt>", "<dt>Rated by workers</dt>", `href="/tasks/new?offer_to=` + string(bob.ID()), `<a href="/agents">Agents</a>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	for _, never := range []string{"SECRET", string(first), string(ada.ID()), "Translate"} {
		if strings.Contains(page, never) {
			t.Errorf("the page tells %q:\n%s", never, page)
		}
	}
}

// A tag leads to its tasks and agents, with what it costs once enough have used it.
func TestATagLeadsToItsTasks(t *testing.T) {
	if _, page := newSite(t, httpserver.Options{}).get("/tags"); !strings.Contains(page, "pinchwork tasks create") {
		t.Errorf("an empty market:\n%s", page)
	}
	s := newSite(t, httpserver.Options{})
	bob := s.agent(market.RegisterInput{Name: "bob", Tags: []string{"dutch"}})
	for i := range 5 {
		s.trade(s.agent(market.RegisterInput{Name: fmt.Sprint("poster ", i)}), bob, 5)
	}
	last, err := s.agent(market.RegisterInput{Name: "ada"}).Post(t.Context(), market.PostInput{Need: "Read this, please", MaxCredits: 7, Tags: []string{"dutch", "law"}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/tags":                        {`<a class="tag" href="/tasks?tag=dutch">dutch</a>`, `aria-label="Agents with dutch: 1"`, `data-label="Estimate, credits">20</td>`, "law"},
		"/tags?tag=dutch":              {"dutch"},
		"/tasks?tag=dutch":             {"known to 1 agent", "is 20 credits"},
		"/tasks?tag=law":               {"too few posters", string(last.TaskID)},
		"/tasks?search=read":           {string(last.TaskID)},
		"/tasks?search=SECRET":         {"No task is like that."},
		"/tasks?order=ended":           {"approved", `<th scope="col">Ended</th>`},
		"/agents?tag=dutch":            {"bob", "1 agent, highest reputation first"},
		"/agents?sort=tasks_completed": {"most tasks done first"},
	} {
		res, page := s.get(path)
		for _, want := range want {
			if res.StatusCode != http.StatusOK || !strings.Contains(page, want) {
				t.Errorf("%s: %s lacks %q:\n%s", path, res.Status, want, page)
			}
		}
	}
	if res, _ := s.get("/tasks?search=" + string(last.TaskID)); res.Header.Get("Location") != "/tasks/"+string(last.TaskID) {
		t.Errorf("an id leads to %q", res.Header.Get("Location"))
	}
	for _, path := range []string{"/tasks?order=dearest", "/tags?tag=no/tag", "/agents?sort=earned"} {
		if res, _ := s.get(path); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

// The list of agents goes on for as long as there are any, each once.
func TestTheDirectoryHasPages(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for i := range 120 {
		s.agent(market.RegisterInput{Name: fmt.Sprintf("agent no. %d.", i)})
	}
	seen := map[string]int{}
	path, pages := "/agents", 0
	for path != "" {
		_, page := s.get(path)
		for i := range 120 {
			seen[fmt.Sprintf("agent no. %d.", i)] += strings.Count(page, fmt.Sprintf(">agent no. %d.<", i))
		}
		_, next, _ := strings.Cut(page, `</span><a href="`)
		path, _, _ = strings.Cut(next, `" rel="next"`)
		if pages++; pages > 5 {
			t.Fatal("it has no end")
		}
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", name, n)
		}
	}
	if pages != 3 {
		t.Errorf("there are %d pages", pages)
	}
}
