package pages_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
)

var postedForm = regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]+)"`)

// formsOf are the addresses of the forms on a page that change something.
func formsOf(page string) (to []string) {
	for _, form := range postedForm.FindAllStringSubmatch(page, -1) {
		to = append(to, form[1])
	}
	return to
}

// The pages of the desk that change by themselves say as of when they are and load themselves
// again, which ends with the session; the answer to a form that was refused does not.
func TestTheDeskIsBroughtUpToDate(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/admin", "/admin/reports", "/admin/tasks", "/admin/webhooks"} {
		status, page := d.acts.get(path)
		for _, want := range []string{`data-source=""`, "mine.js", `data-part="desk"`, "As of "} {
			d.acts.expect(path, http.StatusOK, want, status, page)
		}
	}
	if _, page := d.acts.get("/admin/actions"); strings.Contains(page, "mine.js") {
		t.Error("the log loads itself again")
	}
	status, page := d.acts.post("/admin/webhooks/seen", d.acts.form("/admin/webhooks", "until", "never"))
	if status < 400 || strings.Contains(page, "mine.js") {
		t.Errorf("the answer to a form loads itself again: %d", status)
	}
	if _, err := d.market.RevokeOperator(market.WithOperator(t.Context(), market.Root()), "actor", market.RevokeInput{}); err != nil {
		t.Fatal(err)
	}
	if _, page = d.acts.get("/admin"); strings.Contains(page, "data-part") {
		t.Errorf("a revoked operator sees %s", page)
	}
}

// Who may look has no form of an act on any page of the desk, nor on the answer to one that
// is sent all the same: only to log out, to run the audit, which reads, and to end its own
// key.
func TestWhoLooksSeesNoFormsOfActs(t *testing.T) {
	d := newDesk(t)
	own := []string{"/admin/logout", "/admin/audit", "/admin/operators/looker/revoke"}
	acts := func(page string) (to []string) {
		return slices.DeleteFunc(formsOf(page), func(at string) bool { return slices.Contains(own, at) })
	}
	ids := strings.NewReplacer("agents/{id}", "agents/"+string(d.agent.ID()), "tasks/{id}", "tasks/"+string(d.task))
	walked, forms := 0, 0
	for _, route := range pages.AdminRoutes() {
		path, reads := strings.CutPrefix(ids.Replace(route), "GET ")
		if !reads || path == "/admin/login" || strings.HasSuffix(path, ".csv") {
			continue // a file has no forms
		}
		walked++
		for _, at := range []string{path, path + "?status="} {
			status, page := d.looks.get(at)
			d.looks.expect(at, http.StatusOK, "/admin/logout", status, page)
			if to := acts(page); len(to) > 0 {
				t.Errorf("%s shows who looks forms to %v", at, to)
			}
			_, page = d.acts.get(at)
			forms += len(acts(page))
		}
	}
	if walked < 10 || forms < 10 {
		t.Errorf("%d pages were walked, with %d forms for who acts", walked, forms)
	}
	for _, f := range d.forms() {
		status, page := d.looks.post(f.path, filled(d.looks.form("/admin/operators"), f.form))
		d.looks.expect(f.route, http.StatusForbidden, "role", status, page)
		if to := acts(page); len(to) > 0 {
			t.Errorf("the answer to %s has forms to %v", f.route, to)
		}
	}
}
