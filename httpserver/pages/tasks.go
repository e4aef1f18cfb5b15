package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// taskList is the data of the page of tasks.
type taskList struct {
	Search, Tag      string
	Statuses, Orders []choice
	Tasks            market.PublicTaskList
	// Demand is what is known of the tag, nil without one.
	Demand *market.TagDemand
	// Ended says that the order is by the end.
	Ended bool
	// States are those that can be chosen.
	States []stateLink
	Pager  pager
}

// stateLink leads to the tasks of a state, with what else is asked for.
type stateLink struct {
	Name, Address string
	// Count is how many there are; nil where nobody counts, which is with words or a tag.
	Count *int64
	On    bool
}

// statesOf are the states that a list in this order has; of says how many of each there are,
// nil when that is not known.
func (p *pages) statesOf(r *http.Request, of *market.TasksByState, ended bool) []stateLink {
	q := r.URL.Query()
	chosen, all := q.Get("status"), new(int64)
	link := func(status market.Status, name string, count *int64) stateLink {
		q.Del("offset")
		q.Set("status", string(status))
		return stateLink{Name: name, Address: p.root(r) + "/tasks?" + q.Encode(), Count: count, On: chosen == string(status)}
	}
	states := []stateLink{link("", "all", all)}
	for _, s := range statuses {
		if ended && !slices.Contains(endings, s) {
			continue
		}
		state := link(s, string(s), nil)
		if of != nil {
			state.Count = new(of.Of(s))
			*all += *state.Count
		}
		states = append(states, state)
	}
	if of == nil {
		states[0].Count = nil
	}
	return states
}

var endings = []market.Status{market.StatusApproved, market.StatusExpired, market.StatusCancelled}

// tasks lists what everybody may know of tasks, by state, tag and words.
func (p *pages) tasks(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	in := r.URL.Query()
	status, order := in.Get("status"), in.Get("order")
	page := taskList{
		Search: sought(in.Get("search")), Tag: strings.TrimSpace(in.Get("tag")), Statuses: statusChoices(status),
		Orders: choices(order, choice{Name: "newest first"}, choice{Value: string(market.LastEndedFirst), Name: "last ended first"}),
		Ended:  order == string(market.LastEndedFirst),
	}
	if to := placeOf(page.Search); to != "" {
		http.Redirect(w, r, p.root(r)+to, http.StatusSeeOther)
		return
	}
	q := market.PublicQuery{
		Status: market.Status(status), Order: market.PublicOrder(order), Filter: market.Filter{Search: page.Search},
		Page: market.Page{Limit: pageSize, Offset: offsetOf(r)},
	}
	if page.Tag != "" {
		q.Tags = []string{page.Tag}
	}
	var err error
	if page.Tasks, err = p.market.PublicTasks(ctx, q); err != nil {
		p.refused(w, r, err)
		return
	}
	if page.Tag != "" {
		page.Demand = p.demandFor(ctx, page.Tag)
	}
	var counted *market.TasksByState
	if page.Search == "" && page.Tag == "" {
		if o, err := p.market.Overview(ctx); err == nil {
			counted = &o.Tasks
		}
	}
	page.States = p.statesOf(r, counted, page.Ended)
	page.Pager = p.pagerOf(r, len(page.Tasks.Tasks), 0, page.Tasks.NextOffset)
	p.render(w, r, http.StatusOK, "tasks", "Tasks", &page)
}

// demandFor is what is known of a tag, nil when that cannot be said now.
func (p *pages) demandFor(ctx context.Context, tag string) *market.TagDemand {
	list, err := p.market.Tags(ctx, market.TagQuery{Tags: []string{tag}})
	if err != nil || len(list.Tags) != 1 {
		return nil
	}
	return &list.Tags[0]
}

// tagList is the data of the page of tags.
type tagList struct {
	Tag   string
	Tags  market.TagList
	Pager pager
}

// Unknown reports whether nothing at all is known of the tag that was asked for.
func (l *tagList) Unknown() bool {
	if l.Tag == "" || len(l.Tags.Tags) != 1 {
		return false
	}
	t := l.Tags.Tags[0]
	return t.OpenTasks == 0 && t.Agents == 0 && t.MedianCredits == nil && t.Approved30d == nil
}

// tags lists which tags are in demand, and what tasks with them have cost.
func (p *pages) tags(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	page := tagList{Tag: strings.TrimSpace(r.URL.Query().Get("tag"))}
	q := market.TagQuery{Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}
	if page.Tag != "" {
		q.Tags = []string{page.Tag}
	}
	var err error
	if page.Tags, err = p.market.Tags(ctx, q); err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Tags.Tags), page.Tags.Total, 0)
	page.Pager.More, page.Pager.Ranked = page.Tags.TotalMore, true
	p.render(w, r, http.StatusOK, "tags", "Tags", &page)
}
