package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// An owner finds its own tasks by words, tag and id, in the order that it asks for.
func TestAnOwnerSearchesItsTasks(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	ids := map[string]market.TaskID{}
	for _, in := range []market.PostInput{
		{Need: "Count the sheep", MaxCredits: 5, Tags: []string{"farm"}},
		{Need: "Paint " + attack, Context: "with one sheep", MaxCredits: 40, Deadline: 2 * time.Hour},
		{Need: "Shear", MaxCredits: 10, Tags: []string{"farm"}, Deadline: time.Hour},
	} {
		posted, err := ada.agent.Post(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		ids[strings.Fields(in.Need)[0]] = posted.TaskID
	}
	for query, want := range map[string]string{
		"": "Shear Paint Count", "?order=oldest": "Count Paint Shear", "?order=deadline": "Shear Paint Count", "?order=credits": "Paint Shear Count",
		"?search=SHEEP": "Paint Count", "?search=sheep&order=oldest": "Count Paint", "?tag=farm": "Shear Count", "?tag=farm&search=count&role=poster&status=posted": "Count",
		"?search=goat": "", "?tag=farms": "", "?role=worker&search=sheep": "",
	} {
		status, page := ada.get("/me" + query)
		_, list, _ := strings.Cut(page, `data-part="tasks"`)
		var got []string
		for at := list; ; {
			_, rest, more := strings.Cut(at, `href="/tasks/`)
			if !more {
				break
			}
			for word, id := range ids {
				if strings.HasPrefix(rest, string(id)) {
					got = append(got, word)
				}
			}
			at = rest
		}
		if status != http.StatusOK || strings.Join(got, " ") != want {
			t.Errorf("/me%s lists %v (%d), want %s", query, got, status, want)
		}
		if empty := strings.Contains(list, "No task of yours is like that."); empty != (want == "") {
			t.Errorf("/me%s says that it has none: %v", query, empty)
		}
	}
	if _, page := ada.get("/me?order=deadline"); !strings.Contains(page, `<th scope="col">Ends</th>`) || !strings.Contains(page, "in 59 min") && !strings.Contains(page, "in 1 h") {
		t.Errorf("by deadline nothing says when it is:\n%s", page)
	}
	if _, page := ada.get("/me?search=" + string(ids["Paint"])); !strings.Contains(page, "/tasks/"+string(ids["Paint"])) || strings.Contains(page, "Count the sheep") {
		t.Errorf("an id does not lead to its task:\n%s", page)
	}
	if status, page := ada.get("/me?order=best"); status != http.StatusBadRequest {
		t.Errorf("an order that there is not: %d\n%s", status, page)
	}
}
