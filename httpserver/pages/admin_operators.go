package pages

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/internal/sheet"
	"github.com/pinchwork/pinchwork/market"
)

// logOf is what the address selects of the log: which entries are read, and which of
// those count where an act of a kind about one is asked for.
func logOf(r *http.Request) (q market.ActionQuery, keep func(*market.OperatorAction) bool) {
	of, kind := sought(r.URL.Query().Get("of")), r.URL.Query().Get("kind")
	switch {
	case of == "":
		q.Action, kind = kind, ""
	case isID(of, "ag-"):
		q.AgentID = market.AgentID(of)
	case isID(of, "tk-"):
		q.TaskID = market.TaskID(of)
	case isID(of, "rp-"):
		q.ReportID = market.ReportID(of)
	default:
		q.Operator = of
	}
	return q, func(a *market.OperatorAction) bool { return kind == "" || a.Action == kind }
}

// adminActions shows the log of what operators did, all of it or of one operator, agent
// or task.
func (p *pages) adminActions(w http.ResponseWriter, r *http.Request, d *desk) {
	d.Search = sought(r.URL.Query().Get("of"))
	kind := r.URL.Query().Get("kind")
	d.Choices = map[string][]choice{"kind": kindsOfActs(kind)}
	q, keep := logOf(r)
	q.Page = market.Page{Limit: pageSize, Offset: offsetOf(r)}
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
		d.Actions.Actions = slices.DeleteFunc(d.Actions.Actions, func(a market.OperatorAction) bool { return !keep(&a) })
		shown := len(d.Actions.Actions)
		d.Pager.counted(r, shown, shown, d.Pager.After != "")
	}
	if err == nil {
		err = p.nameParties(r, d)
	}
	d.Export = p.exportOf(r, "/admin/actions.csv")
	p.show(w, r, "admin-actions", "Actions", d, err)
}

// nameParties finds the names and tasks that a page of the log is about.
func (p *pages) nameParties(r *http.Request, d *desk) (err error) {
	var ids []market.AgentID
	var tasks []market.TaskID
	for i := range d.Actions.Actions {
		a := &d.Actions.Actions[i]
		ids, tasks = append(ids, a.AgentID, a.PosterID, a.WorkerID), append(tasks, a.TaskID)
	}
	if d.Names, err = p.market.Names(r.Context(), ids...); err == nil {
		d.Needs, err = p.market.Summaries(r.Context(), tasks...)
	}
	return err
}

// exportOf is the address of the whole list of a page as a file, with its filters.
func (p *pages) exportOf(r *http.Request, at string) string {
	q := r.URL.Query()
	q.Del("offset")
	q.Del(foundBefore)
	return p.root(r) + (&url.URL{Path: at, RawQuery: q.Encode()}).String()
}

// exportActions is the log as a file, with the filters of its page.
func (p *pages) exportActions(w http.ResponseWriter, r *http.Request, _ *desk) {
	q, keep := logOf(r)
	all := market.EachAction(r.Context(), q, p.market.Actions)
	p.export(w, r, "actions.csv", func(out io.Writer) error {
		return sheet.Actions(out, func(yield func(market.OperatorAction, error) bool) {
			for a, err := range all {
				if (err != nil || keep(&a)) && !yield(a, err) {
					return
				}
			}
		})
	})
}

// exportLedger is an agent's ledger as a file.
func (p *pages) exportLedger(w http.ResponseWriter, r *http.Request, _ *desk) {
	id := market.AgentID(r.PathValue("id"))
	p.export(w, r, "ledger.csv", func(out io.Writer) error {
		return sheet.Ledger(out, market.EachEntry(r.Context(), id, p.market.LedgerOf))
	})
}

// export sends a file as it is read. What goes wrong before the first of it is a page; after
// that the connection breaks, so that nobody takes the beginning for the whole.
func (p *pages) export(w http.ResponseWriter, r *http.Request, name string, write func(io.Writer) error) {
	out := &file{ResponseWriter: w, name: name}
	err := write(out)
	switch {
	case err == nil:
	case !out.begun:
		p.refused(w, r, err)
	case errors.Is(r.Context().Err(), context.Canceled): // nobody reads it any more
	default:
		panic(http.ErrAbortHandler)
	}
}

// file is the answer to a download, whose headers go out with the first of it.
type file struct {
	http.ResponseWriter
	name  string
	begun bool
}

func (f *file) Write(b []byte) (int, error) {
	if !f.begun {
		f.begun = true
		secure(f.ResponseWriter, "text/csv; charset=utf-8", policy)
		f.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
		f.Header().Set("Cache-Control", "no-store")
	}
	return f.ResponseWriter.Write(b)
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
