package pages

import (
	"context"
	"net/http"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// taskList is the data of the page of tasks.
type taskList struct {
	Tag      string
	Statuses []choice
	Tasks    market.PublicTaskList
	Pager    pager
}

// tasks lists what everybody may know of tasks, by state and tag.
func (p *pages) tasks(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	status := r.URL.Query().Get("status")
	page := taskList{Tag: strings.TrimSpace(r.URL.Query().Get("tag")), Statuses: statusChoices(status)}
	q := market.PublicQuery{Status: market.Status(status), Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}
	if page.Tag != "" {
		q.Tags = []string{page.Tag}
	}
	var err error
	if page.Tasks, err = p.market.PublicTasks(ctx, q); err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Tasks.Tasks), 0, page.Tasks.NextOffset)
	p.render(w, r, http.StatusOK, "tasks", "Tasks", &page)
}
