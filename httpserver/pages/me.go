package pages

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pinchwork/pinchwork/market"
)

// choice is an option of a select element.
type choice struct {
	Value, Name string
	On          bool
}

func choices(chosen string, of ...choice) []choice {
	for i := range of {
		of[i].On = of[i].Value == chosen
	}
	return of
}

func statusChoices(chosen string) []choice {
	all := []choice{{Name: "all"}}
	for _, s := range statuses {
		all = append(all, choice{Value: string(s), Name: string(s)})
	}
	return choices(chosen, all...)
}

var statuses = []market.Status{
	market.StatusPosted, market.StatusClaimed, market.StatusDelivered, market.StatusApproved, market.StatusExpired, market.StatusCancelled,
}

// pager leads to the neighbours of a page of a list.
type pager struct {
	Before, After      string
	First, Last, Total int
	More               bool
	// Ranked is set when the list is not in the order of time.
	Ranked bool
	// Filtered is set when the address selects some lines.
	Filtered bool
}

// pageSize is how many lines a list has on a page.
const pageSize = 50

// offsetOf is where a page of a list begins, 0 unless the address says otherwise.
func offsetOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// pagerOf makes the links of a page that shows so many of a list's lines. next is
// where the next page begins if that is not the end of this one.
func (p *pages) pagerOf(r *http.Request, shown, total, next int) pager {
	offset := offsetOf(r)
	links := pager{First: min(offset+1, total), Last: offset + shown, Total: total}
	at := func(offset int) string {
		q := r.URL.Query()
		q.Set("offset", strconv.Itoa(offset))
		return p.root(r) + (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()
	}
	for name, value := range r.URL.Query() {
		links.Filtered = links.Filtered || name != "offset" && value[0] != ""
	}
	if offset > 0 {
		links.Before = at(max(offset-pageSize, 0))
	}
	switch {
	case next > 0:
		links.After = at(next)
	case offset+shown < total:
		links.After = at(offset + shown)
	}
	return links
}

// myself is the data of an owner's first page.
type myself struct {
	Me    market.Me
	Stats market.Stats
	// ToReview is how many deliveries wait for the owner's decision.
	ToReview        int
	Roles, Statuses []choice
	Tasks           market.TaskList
	Pager           pager
}

func (p *pages) me(w http.ResponseWriter, r *http.Request, o *owner) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	role, status := r.URL.Query().Get("role"), r.URL.Query().Get("status")
	page := myself{
		Roles:    choices(role, choice{Name: "either"}, choice{Value: "poster", Name: "poster"}, choice{Value: "worker", Name: "worker"}),
		Statuses: statusChoices(status),
	}
	var err error
	if page.Me, err = o.api.Me(ctx); err == nil {
		page.Stats, err = o.api.Stats(ctx)
	}
	if err == nil {
		var waiting market.TaskList
		waiting, err = o.api.Mine(ctx, market.MineQuery{Role: market.PartyPoster, Status: market.StatusDelivered, Page: market.Page{Limit: 1}})
		page.ToReview = waiting.Total
	}
	if err == nil {
		page.Tasks, err = o.api.Mine(ctx, market.MineQuery{
			Role: market.PartyRole(role), Status: market.Status(status), Page: market.Page{Limit: pageSize, Offset: offsetOf(r)},
		})
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Tasks.Tasks), page.Tasks.Total, page.Tasks.NextOffset)
	p.render(w, r, http.StatusOK, "me", page.Me.Name, &page)
}

// purse is the data of the page about an owner's money.
type purse struct {
	Credits market.Credits
	// Held are the tasks for which credits are held, newest first within each status.
	Held     []market.Task
	MoreHeld bool
	Pager    pager
}

// heldTasks is how many tasks of each status with credits in escrow are listed.
const heldTasks = 20

func (p *pages) money(w http.ResponseWriter, r *http.Request, o *owner) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	var page purse
	var err error
	page.Credits, err = o.api.Credits(ctx, market.Page{Limit: pageSize, Offset: offsetOf(r)})
	for _, status := range []market.Status{market.StatusDelivered, market.StatusClaimed, market.StatusPosted} {
		if err != nil {
			break
		}
		var held market.TaskList
		held, err = o.api.Mine(ctx, market.MineQuery{Role: market.PartyPoster, Status: status, Page: market.Page{Limit: heldTasks}})
		page.Held = append(page.Held, held.Tasks...)
		page.MoreHeld = page.MoreHeld || held.Total > len(held.Tasks)
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Credits.Ledger), page.Credits.Total, 0)
	p.render(w, r, http.StatusOK, "money", "Money", &page)
}
