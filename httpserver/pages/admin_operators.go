package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// adminActions shows the log of what operators did, all of it or of one operator, agent
// or task.
func (p *pages) adminActions(w http.ResponseWriter, r *http.Request, d *desk) {
	d.Search = strings.TrimSpace(r.URL.Query().Get("of"))
	q := market.ActionQuery{Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}
	kind := r.URL.Query().Get("kind")
	d.Choices = map[string][]choice{"kind": kindsOfActs(kind)}
	switch {
	case d.Search == "":
		q.Action = kind
	case isID(d.Search, "ag-"):
		q.AgentID = market.AgentID(d.Search)
	case isID(d.Search, "tk-"):
		q.TaskID = market.TaskID(d.Search)
	case isID(d.Search, "rp-"):
		q.ReportID = market.ReportID(d.Search)
	default:
		q.Operator = d.Search
	}
	var err error
	d.Actions, err = p.market.Actions(r.Context(), q)
	if err == nil && q.Operator != "" && d.Actions.Total == 0 {
		var named market.AgentStandings
		named, err = p.market.AllAgents(r.Context(), market.StandingQuery{AgentQuery: market.AgentQuery{Search: d.Search, Page: market.Page{Limit: 10}}})
		d.Found = named.Agents
	}
	d.Pager = p.pagerOf(r, len(d.Actions.Actions), d.Actions.Total, 0)
	if kind != "" && d.Search != "" {
		// Of what is about one, a page is looked through.
		d.Actions.Actions = slices.DeleteFunc(d.Actions.Actions, func(a market.OperatorAction) bool { return a.Action != kind })
		d.Pager.Total = 0
	}
	if err == nil {
		var ids []market.AgentID
		for i := range d.Actions.Actions {
			ids = append(ids, d.Actions.Actions[i].AgentID)
		}
		d.Names, err = p.market.Names(r.Context(), ids...)
	}
	p.show(w, r, "admin-actions", "Actions", d, err)
}

func kindsOfActs(chosen string) []choice {
	kinds := []choice{{Name: "all"}}
	for _, action := range market.ActionNames() {
		kinds = append(kinds, choice{Value: action, Name: strings.ReplaceAll(action, "_", " ")})
	}
	return choices(chosen, kinds...)
}

func (p *pages) adminOperators(w http.ResponseWriter, r *http.Request, d *desk) {
	p.operatorDesk(w, r, d, nil)
}

func (p *pages) operatorDesk(w http.ResponseWriter, r *http.Request, d *desk, problem error) {
	var err error
	if d.Operators, err = p.market.Operators(r.Context()); problem == nil {
		problem = err
	}
	p.show(w, r, "admin-operators", "Operators", d, problem)
}
