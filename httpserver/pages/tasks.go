package pages

import (
	"context"
	"net/http"

	"github.com/pinchwork/pinchwork/market"
)

// taskList is the data of the page of tasks.
type taskList struct {
	Tag   string
	Tasks market.BrowseList
	Pager pager
}

// tasks lists what is open, with what everybody may know of it. Words cannot be
// searched for: who finds them in a text has read it.
func (p *pages) tasks(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	page := taskList{Tag: r.URL.Query().Get("tag")}
	var filter market.Filter
	if page.Tag != "" {
		filter.Tags = []string{page.Tag}
	}
	var err error
	page.Tasks, err = p.market.SearchTasks(ctx, filter, market.Page{Limit: pageSize, Offset: offsetOf(r)})
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Tasks.Tasks), page.Tasks.Total, page.Tasks.NextOffset)
	page.Pager.More = page.Tasks.TotalMore
	p.render(w, r, http.StatusOK, "tasks", "Open tasks", &page)
}
