package pages

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// workList is the data of the page of the work that an agent may take.
type workList struct {
	Search, Tag string
	market.BrowseList
	// Warming says that what is on offer is not known yet.
	Warming bool
	// HeadStart is how long a task may be kept for others, "" for not at all.
	HeadStart string
	Names     map[market.AgentID]string
	Pager     pager
}

// work lists what is on offer for the owner's agent, in the order in which it would pick up.
func (p *pages) work(w http.ResponseWriter, r *http.Request, o *owner) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	in := r.URL.Query()
	page := workList{HeadStart: headStart(p.market.Policy().MatchHeadStart), Search: strings.TrimSpace(in.Get("search")), Tag: strings.TrimSpace(in.Get("tag"))}
	q := market.BrowseQuery{Filter: market.Filter{Search: page.Search}, Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}
	if page.Tag != "" {
		q.Tags = []string{page.Tag}
	}
	var err error
	page.BrowseList, err = o.api.Browse(ctx, q)
	if page.Warming = errors.Is(err, market.ErrWarming); page.Warming {
		err = nil
	}
	if err == nil {
		ids := make([]market.AgentID, len(page.Tasks))
		for i := range page.Tasks {
			ids[i] = page.Tasks[i].PosterID
		}
		page.Names, err = p.market.Names(ctx, ids...)
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Tasks), page.Total, page.NextOffset)
	page.Pager.More, page.Pager.Ranked = page.TotalMore, true
	p.render(w, r, http.StatusOK, "work", "Work for your agent", &page)
}

func headStart(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return span(d)
}
