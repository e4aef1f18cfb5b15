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

// logged is what the address selects of the log.
type logged struct {
	market.ActionQuery
	// kind is which acts about one count, "" for all: the log has no list of those.
	kind string
	// name is what was looked for, when that is no id.
	name string
}

func (l *logged) keeps(a *market.OperatorAction) bool { return l.kind == "" || a.Action == l.kind }

// logOf finds what the address asks for. A name is that of an operator or, where the log
// knows none of that name, of an agent; named are the agents that may be meant, those that
// are called exactly that first.
func (p *pages) logOf(r *http.Request) (l logged, named []market.AgentStanding, err error) {
	form := r.URL.Query()
	of, kind := sought(form.Get("of")), form.Get("kind")
	if err := l.OnDays(form.Get("from"), form.Get("to")); err != nil {
		return l, nil, err
	}
	l.kind = kind
	switch {
	case of == "":
		l.Action, l.kind = kind, ""
	case isID(of, "ag-"):
		l.AgentID = market.AgentID(of)
	case isID(of, "tk-"):
		l.TaskID = market.TaskID(of)
	case isID(of, "rp-"):
		l.ReportID = market.ReportID(of)
	default:
		l.name = of
		return p.logOfName(r.Context(), l)
	}
	return l, nil, nil
}

func (p *pages) logOfName(ctx context.Context, l logged) (logged, []market.AgentStanding, error) {
	whole, like, err := p.named(ctx, l.name)
	if err != nil {
		return l, nil, err
	}
	known, err := p.market.Actions(ctx, market.ActionQuery{Operator: l.name, Page: market.Page{Limit: 1}})
	switch l.Operator = l.name; {
	case err != nil || known.Total > 0:
		return l, nil, err
	case len(whole) == 1:
		l.Operator, l.AgentID = "", whole[0].ID
		return l, nil, nil
	}
	return l, append(whole, like...), nil
}

// named finds the agents that are called that, and up to ten others whose names or skills
// contain it.
func (p *pages) named(ctx context.Context, name string) (whole, like []market.AgentStanding, err error) {
	list, err := p.market.AllAgents(ctx, market.StandingQuery{AgentQuery: market.AgentQuery{Search: name, Page: market.Page{Limit: 100}}})
	for _, a := range list.Agents {
		if strings.EqualFold(a.Name, name) {
			whole = append(whole, a)
		} else if len(like) < 10 {
			like = append(like, a)
		}
	}
	return whole, like, err
}

// adminActions shows the log of what operators did, all of it or of one operator, agent
// or task.
func (p *pages) adminActions(w http.ResponseWriter, r *http.Request, d *desk) {
	form := r.URL.Query()
	d.Search = sought(form.Get("of"))
	d.Choices = map[string][]choice{"kind": kindsOfActs(form.Get("kind")), "from": {{Value: form.Get("from")}}, "to": {{Value: form.Get("to")}}}
	l, named, err := p.logOf(r)
	d.Found, d.About = named, l.AgentID
	if err == nil {
		l.Page = market.Page{Limit: pageSize, Offset: offsetOf(r)}
		d.Actions, err = p.market.Actions(r.Context(), l.ActionQuery)
	}
	d.Pager = p.pagerOf(r, len(d.Actions.Actions), d.Actions.Total, 0)
	if l.kind != "" {
		// Of what is about one, a page is looked through.
		d.Actions.Actions = slices.DeleteFunc(d.Actions.Actions, func(a market.OperatorAction) bool { return !l.keeps(&a) })
		shown := len(d.Actions.Actions)
		d.Pager.counted(r, shown, shown, d.Pager.After != "")
	}
	if err == nil {
		err = p.nameParties(r, d)
	}
	if d.Lines = folded(d.Actions.Actions); len(d.Lines) > 0 {
		d.Export = p.exportOf(r, "/admin/actions.csv")
	}
	p.show(w, r, "admin-actions", "Actions", d, err)
}

// logLine is a line of the log: an entry, or the entries of one act that was done to
// several, such as webhooks that were delivered again at once.
type logLine struct {
	market.OperatorAction
	// First is the number of the act's first entry on the page, Count how many there are.
	First int64
	Count int
	// Agents are whom they are about, each once.
	Agents []market.AgentID
}

// folded makes a line of the entries that one act wrote.
func folded(actions []market.OperatorAction) (lines []logLine) {
	for _, a := range actions {
		if n := len(lines) - 1; n >= 0 && a.Action == market.ActionRedeliver && sameAct(&lines[n].OperatorAction, &a) {
			l := &lines[n]
			l.First, l.Count = a.Number, l.Count+1
			if !slices.Contains(l.Agents, a.AgentID) {
				l.Agents = append(l.Agents, a.AgentID)
			}
			continue
		}
		lines = append(lines, logLine{OperatorAction: a, First: a.Number, Count: 1, Agents: []market.AgentID{a.AgentID}})
	}
	return lines
}

func sameAct(a, b *market.OperatorAction) bool {
	return a.Action == b.Action && a.Operator == b.Operator && a.At.Equal(b.At.Time) && a.Reason == b.Reason
}

// nameParties finds the names and tasks that a page of the log is about.
func (p *pages) nameParties(r *http.Request, d *desk) (err error) {
	var ids []market.AgentID
	var tasks []market.TaskID
	for i := range d.Actions.Actions {
		a := &d.Actions.Actions[i]
		ids, tasks = append(ids, a.AgentID, a.PosterID, a.WorkerID), append(tasks, a.TaskID)
	}
	ids = append(ids, d.About)
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

// exportActions is the log as a file, with the filters of its page. Where there is nothing,
// the page says so, and whom a name may mean.
func (p *pages) exportActions(w http.ResponseWriter, r *http.Request, _ *desk) {
	l, _, err := p.logOf(r)
	nothing := false
	if err == nil {
		l.Page = market.Page{Limit: 1}
		var some market.OperatorActions
		some, err = p.market.Actions(r.Context(), l.ActionQuery)
		nothing = some.Total == 0
	}
	if err != nil || nothing {
		http.Redirect(w, r, p.exportOf(r, "/admin/actions"), http.StatusSeeOther)
		return
	}
	all := market.EachAction(r.Context(), l.ActionQuery, p.market.Actions)
	p.export(w, r, "actions.csv", func(out io.Writer) error {
		return sheet.Actions(out, func(yield func(market.OperatorAction, error) bool) {
			for a, err := range all {
				if (err != nil || l.keeps(&a)) && !yield(a, err) {
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
		kinds = append(kinds, choice{Value: action, Name: strings.ToLower(deeds[action])})
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
