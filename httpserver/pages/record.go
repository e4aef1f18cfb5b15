package pages

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"

	"github.com/pinchwork/pinchwork/market"
)

// record is how an agent has worked in the last days, for its owner or at the desk.
type record struct {
	market.TrackDays
	Agent  market.AgentID
	Ranges []int
	// Home is below which the pages of tasks and agents are, Here the address of the page.
	Home, Here     string
	Charts         []chart
	Ratings, Trend figure
	Names          map[market.AgentID]string
}

// recordDays is the range that is shown to whoever asks for none.
const recordDays = 7

// recordOf reads the record of an agent for a page below home.
func (p *pages) recordOf(r *http.Request, id market.AgentID, home string) (*record, error) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	track, err := p.market.TrackDays(ctx, id, daysOf(r, recordDays))
	if err != nil {
		return nil, err
	}
	ids := []market.AgentID{id}
	for i := range track.Tasks {
		ids = append(ids, track.Tasks[i].PosterID, track.Tasks[i].WorkerID)
	}
	names, err := p.market.Names(ctx, ids...)
	if err != nil {
		return nil, err
	}
	page := &record{TrackDays: track, Agent: id, Ranges: ranges, Home: home, Here: p.root(r) + (&url.URL{Path: r.URL.Path}).EscapedPath(), Names: names}
	page.draw()
	return page, nil
}

func (page *record) draw() {
	type span = market.SpanOfWork
	spans := spread[span]{page.Spans, func(s span) market.Time { return s.Start }, page.Days}
	of := func(class, head, name string, of func(span) *int64) series[span] {
		return series[span]{class: class, head: head, name: name, of: of}
	}
	page.Charts = []chart{
		newChart("Tasks", spans,
			of("approved", "Done", "done for others", func(s span) *int64 { return new(int64(s.Worked)) }),
			of("posted", "Posted", "done by others for it", func(s span) *int64 { return new(int64(s.Posted)) })),
		newChart("Credits", spans,
			of("approved", "Earned", "earned, after fees", func(s span) *int64 { return &s.Earned }),
			of("posted", "Spent", "spent", func(s span) *int64 { return &s.Spent })),
	}
	if page.Whole.MinutesToDeliver != nil {
		page.Charts = append(page.Charts, newChart("Time to deliver", spans, timeToDeliver(page.Spans, page.Whole)))
	}
	if page.Whole.Worked > 0 {
		page.Charts = append(page.Charts, newChart("Acceptance", spans, shareOfKept(page.Whole)))
	}
	page.Ratings, page.Trend = distribution(page.Whole.Ratings), trend(page.Whole.Ratings)
}

func shareOfKept(whole market.SpanOfWork) series[market.SpanOfWork] {
	share := func(s market.SpanOfWork) *int64 {
		if s.Worked == 0 {
			return nil
		}
		return new(int64(100 * s.Kept / s.Worked))
	}
	return series[market.SpanOfWork]{"credits", "Not sent back, %", "% of what it did and was approved was never sent back", share, share(whole)}
}

// timeToDeliver is in a unit in which the longest time is a number that can be read.
func timeToDeliver(spans []market.SpanOfWork, whole market.SpanOfWork) series[market.SpanOfWork] {
	most := 0.0
	for _, s := range spans {
		if s.MinutesToDeliver != nil {
			most = max(most, *s.MinutesToDeliver)
		}
	}
	unit, minutes := "seconds", 1.0/60
	switch {
	case most >= 10*60:
		unit, minutes = "hours", 60
	case most >= 10:
		unit, minutes = "minutes", 1
	}
	median := func(s market.SpanOfWork) *int64 {
		if s.MinutesToDeliver == nil {
			return nil
		}
		return new(int64(math.Round(*s.MinutesToDeliver / minutes)))
	}
	return series[market.SpanOfWork]{"credits", "To deliver, " + unit, unit + " from the claim to the delivery, the median", median, median(whole)}
}

// myRecord is an owner's page about how its agent has worked.
func (p *pages) myRecord(w http.ResponseWriter, r *http.Request, o *owner) {
	page, err := p.recordOf(r, o.ID, p.root(r))
	if err != nil {
		p.refused(w, r, err)
		return
	}
	p.render(w, r, http.StatusOK, "record", "Record", page)
}

// adminRecord is that page for the operator.
func (p *pages) adminRecord(w http.ResponseWriter, r *http.Request, d *desk) {
	page, err := p.recordOf(r, market.AgentID(r.PathValue("id")), p.root(r)+"/admin")
	if errors.Is(err, market.ErrNotFound) {
		d.Search = r.PathValue("id")
		p.show(w, r, "admin-none", "Not found", d, err)
		return
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	d.Record = page
	p.show(w, r, "admin-record", "Record", d, nil)
}
