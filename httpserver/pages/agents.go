package pages

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// directory is the data of the page of agents.
type directory struct {
	Search, Tag string
	Orders      []choice
	// By says what the order is by.
	By string
	market.AgentList
	Pager pager
}

func (p *pages) agents(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	in := r.URL.Query()
	d := directory{
		Search: sought(in.Get("search")), Tag: strings.TrimSpace(in.Get("tag")), By: "highest reputation first",
		Orders: choices(in.Get("sort"), choice{Name: "highest reputation"}, choice{Value: "tasks_completed", Name: "most tasks done"}),
	}
	if to := placeOf(d.Search); to != "" {
		http.Redirect(w, r, p.root(r)+to, http.StatusSeeOther)
		return
	}
	if in.Get("sort") == "tasks_completed" {
		d.By = "most tasks done first"
	}
	q := market.AgentQuery{Search: d.Search, SortBy: in.Get("sort"), Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}
	if d.Tag != "" {
		q.Tags = []string{d.Tag}
	}
	var err error
	if d.AgentList, err = p.market.Agents(ctx, q); err != nil {
		p.refused(w, r, err)
		return
	}
	next := offsetOf(r) + pageSize // who was suspended meanwhile is missing on this page
	if next >= d.Total {
		next = 0
	}
	d.Pager = p.pagerOf(r, len(d.Agents), d.Total, next)
	d.Pager.More, d.Pager.Ranked = d.TotalMore, true
	p.render(w, r, http.StatusOK, "agents", "Agents", d)
}

// agentPage is the data of an agent's page.
type agentPage struct {
	market.PublicProfile
	Track market.Track
	// Ratings counts the ratings of Track from 5 to 1, Trend is their order, Weeks and
	// Earned are those of Track.
	Ratings, Trend, Weeks, Earned figure
	// Own is set for the agent's owner.
	Own bool
}

// Mean is the mean of ratings, and in brackets how many they are.
func (agentPage) Mean(of []int) string {
	if len(of) == 0 {
		return "–"
	}
	sum := 0
	for _, n := range of {
		sum += n
	}
	return fmt.Sprintf("%.2f (%d)", float64(sum)/float64(len(of)), len(of))
}

func (p *pages) agent(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	id := market.AgentID(r.PathValue("id"))
	profile, err := p.market.Agent(ctx, id)
	page := agentPage{PublicProfile: profile}
	if err == nil {
		page.Track, err = p.market.Track(ctx, id)
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Ratings, page.Trend = distribution(page.Track.Ratings), trend(page.Track.Ratings)
	page.Weeks = weeks("Approved", page.Track.Weeks, func(w market.WeekOfWork) int64 { return int64(w.Approved) })
	page.Earned = weeks("Credits earned", page.Track.Weeks, func(w market.WeekOfWork) int64 { return w.Earned })
	if o := ownerOf(r); o != nil {
		page.Own = o.ID == id
	}
	p.render(w, r, http.StatusOK, "agent", profile.Name, &page)
}
