package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// A search field takes the id or the address of a task or an agent, and leads to it: at the
// desk to its file, whichever list was searched.
func TestAnAddressIsFound(t *testing.T) {
	s := newSite(t, httpserver.Options{AdminKey: adminKey})
	root := newOperator(t, s.url)
	root.login()
	root.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, list := range []string{"/tasks", "/agents", "/admin/tasks", "/admin/agents"} {
		desk := ""
		if len(list) > 7 {
			desk = "/admin"
		}
		for typed, want := range map[string]string{
			"tk-x": "/tasks/tk-x", " ag-x ": "/agents/ag-x", "https://market.example/tasks/tk-x?a=b#result": "/tasks/tk-x",
			"market.example/p/admin/agents/ag-x/": "/agents/ag-x", "/tasks/tk-x": "/tasks/tk-x",
			"review /tasks": "", "tk-x and more": "", "https://market.example/tags": "",
		} {
			res, err := root.client.Get(s.url + list + "?search=" + url.QueryEscape(typed))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			got := res.Header.Get("Location")
			if want == "" && res.StatusCode == http.StatusOK {
				continue
			}
			if res.StatusCode != http.StatusSeeOther || want == "" || got != desk+want {
				t.Errorf("%q in %s leads to %d %q, want %q", typed, list, res.StatusCode, got, desk+want)
			}
		}
	}
}
