package pages

import (
	"net/http"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// adminActions shows the log of what operators did, all of it or of one operator, agent
// or task.
func (p *pages) adminActions(w http.ResponseWriter, r *http.Request, d *desk) {
	d.Search = strings.TrimSpace(r.URL.Query().Get("of"))
	q := market.ActionQuery{Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}
	switch {
	case isID(d.Search, "ag-"):
		q.AgentID = market.AgentID(d.Search)
	case isID(d.Search, "tk-"):
		q.TaskID = market.TaskID(d.Search)
	default:
		q.Operator = d.Search
	}
	var err error
	d.Actions, err = p.market.Actions(r.Context(), q)
	d.Pager = p.pagerOf(r, len(d.Actions.Actions), d.Actions.Total, 0)
	p.show(w, r, "admin-actions", "Actions", d, err)
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

// addOperator shows the new key once, in the answer to the form: a page that is loaded
// again sends the form again, which is refused since the name is taken.
func (p *pages) addOperator(w http.ResponseWriter, r *http.Request, d *desk) {
	made, err := p.market.AddOperator(r.Context(), market.OperatorInput{
		Name: strings.TrimSpace(r.PostFormValue("name")), Role: market.OperatorRole(r.PostFormValue("role")), Reason: text(r, "reason"),
	})
	d.NewKey = made.APIKey
	p.operatorDesk(w, r, d, err)
}

func (p *pages) revokeOperator(w http.ResponseWriter, r *http.Request, d *desk) {
	_, err := p.market.RevokeOperator(r.Context(), r.PathValue("id"), market.RevokeInput{Reason: text(r, "reason")})
	p.changed(w, r, "/admin/operators", "revoked", err, func() { p.operatorDesk(w, r, d, err) })
}
