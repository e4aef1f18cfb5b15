package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Who is at the desk is led to it from the pages for everybody, until the end of the session;
// nobody else is.
func TestPagesForEverybodyLeadAnOperatorToTheDesk(t *testing.T) {
	s := newSite(t, httpserver.Options{AdminKey: adminKey})
	ada := s.agent(market.RegisterInput{Name: "ada"})
	task, err := ada.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 10})
	if err != nil {
		t.Fatal(err)
	}
	root, stranger := newOperator(t, s.url), newOperator(t, s.url)
	ways := map[string]string{
		"/tasks/" + string(task.TaskID): "/admin/tasks/" + string(task.TaskID), "/agents/" + string(ada.ID()): "/admin/agents/" + string(ada.ID()),
		"/": "/admin", "/tasks": "/admin", "/docs": "/admin",
	}
	check := func(when string, by *operator, want bool) {
		t.Helper()
		for page, way := range ways {
			status, body := by.get(page)
			if status != http.StatusOK || strings.Contains(body, `href="`+way+`"`) != want {
				t.Errorf("%s: %s answers %d and leads to %s: %v, want %v", when, page, status, way, !want, want)
			}
		}
	}
	check("before the log-in", root, false)
	root.login()
	check("logged in", root, true)
	check("a stranger", stranger, false)
	root.post("/admin/logout", root.form("/admin"))
	check("logged out", root, false)
}
