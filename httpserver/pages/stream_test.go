package pages_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// follow opens the dashboard's stream and returns a reader of its events.
func (s *site) follow(path string) (next func() string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != "text/event-stream" {
		s.t.Fatalf("%s: %s %s", path, res.Status, got)
	}
	lines := bufio.NewScanner(res.Body)
	return func() string {
		var event strings.Builder
		for lines.Scan() && lines.Text() != "" {
			event.WriteString(strings.TrimPrefix(lines.Text(), "data: ") + "\n")
		}
		return event.String()
	}
}

func (s *site) firstEvent(path string) string {
	s.t.Helper()
	return s.follow(path)()
}

// The stream tells of a task as it is posted and of what becomes of it, and
// ends with the server.
func TestDashboardFollowsTheMarket(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	poster, worker := s.agent(market.RegisterInput{Name: "poster"}), s.agent(market.RegisterInput{Name: "worker"})
	next := s.follow("/live/stream")
	if first := next(); !strings.Contains(first, "Nothing has been posted for everybody yet.") {
		t.Fatalf("first: %s", first)
	}
	posted, err := poster.Post(t.Context(), market.PostInput{Need: "Seen at once", MaxCredits: 10})
	if err != nil {
		t.Fatal(err)
	}
	if got := next(); !strings.Contains(got, "Seen at once") || !strings.Contains(got, ">posted<") {
		t.Fatalf("after the post: %s", got)
	}
	if _, err := worker.PickupTask(t.Context(), posted.TaskID); err != nil {
		t.Fatal(err)
	}
	if got := next(); !strings.Contains(got, ">claimed<") {
		t.Fatalf("after the pickup: %s", got)
	}
	s.api.Close()
	if got := next(); got != "" {
		t.Errorf("after the end: %s", got)
	}
}

// Who follows the parts gets those alone that have changed, and the charts not again while
// one reads them.
func TestOnlyWhatHasChangedIsSent(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	poster := s.agent(market.RegisterInput{Name: "poster"})
	next := s.follow("/live/stream?parts")
	first := next()
	for _, part := range []string{"numbers", "activity", "newest"} {
		if !strings.Contains(first, `data-live="`+part+`"`) {
			t.Errorf("no %s in %s", part, first)
		}
	}
	if _, err := poster.Post(t.Context(), market.PostInput{Need: "Seen soon", MaxCredits: 10}); err != nil {
		t.Fatal(err)
	}
	numbers := next()
	if !strings.Contains(numbers, `data-live="numbers"`) || strings.Contains(numbers, `data-live="activity"`) || strings.Contains(numbers, "Seen soon") {
		t.Errorf("second: %s", numbers)
	}
	if newest := next(); !strings.Contains(newest, "Seen soon") || strings.Contains(newest, `data-live="numbers"`) {
		t.Errorf("third: %s", newest)
	}
}

func TestTaskPageShowsWhatIsPublic(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	poster := s.agent(market.RegisterInput{Name: "poster"})
	posted, err := poster.Post(t.Context(), market.PostInput{
		Need: attack + strings.Repeat(" word", 40) + " SECRET-END", Context: "SECRET-CONTEXT", MaxCredits: 10, Tags: []string{"go"},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, page := s.get("/tasks/" + string(posted.TaskID))
	if res.StatusCode != http.StatusOK || !strings.Contains(page, "&lt;script&gt;") || strings.Contains(page, attack) {
		t.Errorf("%s %s", res.Status, page)
	}
	if strings.Contains(page, "SECRET") || strings.Contains(page, string(poster.ID())) {
		t.Errorf("the page tells too much: %s", page)
	}
	if res, _ := s.get("/tasks/tk-nothing"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown task: %s", res.Status)
	}
}

// One address cannot take all places.
func TestViewersOfOneAddressAreLimited(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for range 50 {
		s.firstEvent("/live/stream")
	}
	if res, _ := s.get("/live/stream"); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("the 51st: %s", res.Status)
	}
}
