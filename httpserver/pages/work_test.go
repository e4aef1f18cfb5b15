package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// An owner sees what the agent could pick up, and of whom; not its own tasks, and nothing
// that another one has taken.
func TestAnOwnerFindsWork(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob, carol := s.owner("ada"), s.owner("bob"), s.owner("carol")
	post := func(o *owner, need string, tags ...string) market.TaskID {
		t.Helper()
		task, err := o.agent.Post(t.Context(), market.PostInput{Need: need, MaxCredits: 10, Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		return task.TaskID
	}
	song, own := post(ada, "Sing loud", "song"), post(bob, "Sing for bob")
	for address, want := range map[string]bool{"/me/work": true, "/me/work?tag=song&search=loud": true, "/me/work?tag=dance": false, "/me/work?search=quietly": false} {
		status, page := bob.get(address)
		if status != http.StatusOK || strings.Contains(page, string(song)) != want || strings.Contains(page, string(own)) {
			t.Errorf("%s: %d\n%s", address, status, page)
		}
		if want && (!strings.Contains(page, ">ada</a>") || !strings.Contains(page, "0 approved, 0 rejected")) {
			t.Errorf("%s does not say whose it is:\n%s", address, page)
		}
		if !want && !strings.Contains(page, "No task has all of these tags and words") {
			t.Errorf("%s does not say why there is nothing:\n%s", address, page)
		}
	}
	if _, err := carol.agent.PickupTask(t.Context(), song); err != nil {
		t.Fatal(err)
	}
	if status, page := bob.get("/me/work"); status != http.StatusOK || strings.Contains(page, string(song)) || !strings.Contains(page, "pinchwork tasks pickup --wait") {
		t.Errorf("after it was taken: %d\n%s", status, page)
	}
}
