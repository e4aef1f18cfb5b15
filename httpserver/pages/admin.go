package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// maxForm is how large a form may be: texts of 5,000 characters with some room.
const maxForm = 64 << 10

// adminRoutes are the operator's pages. All except the login need a session,
// and every form its token.
func (p *pages) adminRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /admin":                        p.adminHome,
		"GET /admin/login":                  func(w http.ResponseWriter, r *http.Request) { p.redirect(w, r, "/admin") },
		"POST /admin/login":                 p.login,
		"POST /admin/logout":                p.operator(p.logout),
		"GET /admin/webhooks":               p.operator(p.adminWebhooks),
		"POST /admin/webhooks/redeliver":    p.acts("again", p.redeliverSeveral),
		"POST /admin/webhooks/seen":         p.acts("seen", p.seeDead),
		"GET /admin/agents":                 p.operator(p.adminAgents),
		"GET /admin/agents/{id}":            p.operator(p.adminAgent),
		"GET /admin/agents/{id}/record":     p.operator(p.adminRecord),
		"POST /admin/agents/{id}/grant":     p.acts("grant", p.grant),
		"POST /admin/agents/{id}/suspend":   p.acts("suspend", p.suspend),
		"POST /admin/agents/{id}/infra":     p.acts("infra", p.appoint),
		"POST /admin/agents/{id}/redeliver": p.acts("redeliver", p.redeliver),
		"GET /admin/tasks":                  p.operator(p.adminTasks),
		"GET /admin/tasks/{id}":             p.operator(p.adminTask),
		"POST /admin/agents/{id}/clawback":  p.acts("clawback", p.clawBack),
		"POST /admin/tasks/{id}/resolve":    p.acts("resolve", p.resolveTask),
		"GET /admin/reports":                p.operator(p.adminReports),
		"POST /admin/reports/{id}":          p.acts("report", p.resolveReport),
		"GET /admin/actions":                p.operator(p.adminActions),
		"GET /admin/actions.csv":            p.patient(exportPatience, p.exportActions),
		"GET /admin/agents/{id}/ledger.csv": p.patient(exportPatience, p.exportLedger),
		"GET /admin/operators":              p.operator(p.adminOperators),
		"POST /admin/operators":             p.acts("add", p.addOperator),
		"POST /admin/operators/{id}/revoke": p.acts("revoke", p.revokeOperator),
		"GET /admin/audit":                  p.operator(p.adminAudit),
		"POST /admin/audit":                 p.patient(auditPatience, p.runAudit),
	}
}

// desk is the data of an operator's page.
type desk struct {
	session session
	// By is who has logged in.
	By   market.Operator
	CSRF string
	// query is that of the page's address.
	query string
	// Once makes a form count only once if it is sent twice.
	Once          string
	Done, Problem string
	// To is where a log-in leads, "" for the first page, and Lost what goes along.
	To     string
	Lost   *lostForm
	Search string
	// Poster and Worker are those of the tasks that are listed, "" for anybody.
	Poster, Worker market.AgentID
	Status         market.ReportStatus
	Overview       market.DeskOverview
	Dead           market.DeadWebhookList
	Agents         market.AgentStandings
	Agent          *market.AgentFile
	Tasks          market.TaskSummaries
	File           *market.TaskFile
	// Choices are the values of the selections above a list, by name.
	Choices map[string][]choice
	// Tried is the form that was refused, Sent what was in it, Faults what is wrong with it.
	Tried  string
	Sent   url.Values
	Faults []fault
	// Case is the task's file in the order of time, Ahead what timers will do, Would what
	// the decision of the form would, Foreseen what a grant or a claw-back would.
	Case     []moment
	Ahead    []step
	Would    *market.Settlement
	Foreseen *market.Foreseen
	Names    map[market.AgentID]string
	Needs    map[market.TaskID]market.TaskSummary
	// Record is how an agent has worked in the last days.
	Record *record
	// Dealings are whom the agent deals with, Of the task whose reports alone are listed.
	Dealings []dealing
	Of       market.TaskID
	// Export is the address of the list as a file.
	Export string
	Found  []market.AgentStanding
	// About is the agent whose entries of the log are listed, Lines are what the log's page shows.
	About   market.AgentID
	Lines   []logLine
	Reports market.ReportList
	// ClosedBy are who closed those of the reports that are closed, as far as it is known.
	ClosedBy  map[market.ReportID]string
	Audit     *market.AuditReport
	Actions   market.OperatorActions
	Operators market.OperatorList
	// NewKey is the key of the operator that was just made: this page alone shows it.
	NewKey market.OperatorKey
	Pager  pager
}

// AsOf is when the page was read.
func (d *desk) AsOf() string { return time.Now().UTC().Format("15:04:05 UTC") }

// Acts reports whether the operator may do more than look; Root, whether it is the first.
func (d *desk) Acts() bool { return d.By.Role != market.OperatorLook }
func (d *desk) Root() bool { return d.By.Role == market.OperatorRoot }

// operator admits only an operator with a session, and forms only from a page
// of that session.
func (p *pages) operator(next operatorPage) http.HandlerFunc { return p.patient(patience, next) }

type operatorPage func(http.ResponseWriter, *http.Request, *desk)

const (
	// patience is how long the store has to answer for a page.
	patience = 4 * time.Second
	// auditPatience bounds an audit, which reads everything.
	auditPatience = 5 * time.Minute
	// exportPatience bounds the writing of a file.
	exportPatience = 10 * time.Minute
)

func (p *pages) patient(patience time.Duration, next operatorPage) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, ok := p.sessionOf(r)
		if !ok {
			p.logInAgain(w, r)
			return
		}
		by, err := p.admitSession(w, r, s)
		if err != nil {
			p.refusedSession(w, r, err)
			return
		}
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if !p.fromHere(r) || !s.sent(r) {
				p.render(w, r, http.StatusForbidden, "invalid", "That does not work", "This form is not from your session. Load the page again.")
				return
			}
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		ctx = market.WithOperator(ctx, by)
		next(w, r.WithContext(ctx), &desk{session: s, By: by, CSRF: s.csrf, query: r.URL.Query().Encode(), Once: rand.Text(), Done: p.said(ctx, p.justDone(w, r))})
	}
}

func (p *pages) adminHome(w http.ResponseWriter, r *http.Request) {
	if s, ok := p.sessionOf(r); ok {
		if _, err := p.market.AdmitLogIn(r.Context(), s.token, p.binding); !errors.Is(err, market.ErrUnauthorized) {
			p.operator(p.adminOverview)(w, r)
			return
		}
	}
	if !p.api.HasAdmin() {
		p.render(w, r, http.StatusNotImplemented, "admin-off", "No admin key", nil)
		return
	}
	d := &desk{To: r.URL.Query().Get("to"), Done: p.said(r.Context(), p.justDone(w, r))}
	if r.URL.Query().Has("lost") {
		d.Problem = d.Lost.sorry("Sign in")
	}
	if r.URL.Query().Has("ended") {
		d.Problem = "Your session has ended. Sign in to go on where it was."
	}
	p.render(w, r, http.StatusOK, "login", "Sign in", d)
}

// elsewhere answers addresses of the desk that have no page: where a form was sent to leads
// to the form's page.
func (p *pages) elsewhere(w http.ResponseWriter, r *http.Request, d *desk) {
	form := r.Clone(r.Context())
	form.Method = http.MethodPost
	forms := http.NewServeMux()
	for route, serve := range p.adminRoutes() {
		forms.HandleFunc(route, serve)
	}
	if _, route := forms.Handler(form); strings.HasPrefix(route, http.MethodPost) {
		http.Redirect(w, r, p.root(r)+whence(form), http.StatusSeeOther)
		return
	}
	p.show(w, r, "admin-none", "Not found", d, &market.Error{Kind: market.ErrNotFound, Code: market.CodeNotFound, Message: "Not found"})
}

func (p *pages) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxLost+maxForm)
	if !p.fromHere(r) {
		p.render(w, r, http.StatusForbidden, "login", "Sign in", &desk{To: r.PostFormValue("to"), Problem: "This form is from another site."})
		return
	}
	key := strings.TrimSpace(r.PostFormValue("key"))
	lost := found(r.PostForm, "/admin/", deskTexts)
	err := p.api.ChargeLogin(w, r)
	var by market.Operator
	if err == nil {
		by, err = p.api.AdmitOperator(w, r, key)
	}
	if errors.Is(err, market.ErrForbidden) || errors.Is(err, market.ErrUnauthorized) {
		// What cannot be noted is refused all the same.
		_ = p.market.LogInRefused(r.Context(), p.clientOf(r))
	}
	var token market.SessionToken
	if err == nil {
		token, err = p.market.LogIn(market.WithOperator(r.Context(), by), p.binding, sessionLife)
	}
	if err != nil {
		status, message := httpserver.Explain(err)
		retryAfter(w, err)
		p.render(w, r, status, "login", "Sign in", &desk{To: r.PostFormValue("to"), Problem: message + ".", Lost: lost})
		return
	}
	p.setCookie(w, r, string(token))
	if lost != nil {
		lost.To = backTo(r.PostFormValue("to"))
		lost.Does, lost.Sure = p.doesAtDesk(r.Context(), lost), lost.value("try") == ""
		p.render(w, r, http.StatusOK, "admin-found", "Your form", &desk{By: by, CSRF: formToken(token), Lost: lost})
		return
	}
	http.Redirect(w, r, p.root(r)+backTo(r.PostFormValue("to")), http.StatusSeeOther)
}

// logout ends the session on every replica, so that a copied cookie is
// worthless.
func (p *pages) logout(w http.ResponseWriter, r *http.Request, d *desk) {
	if err := p.market.LogOut(r.Context(), d.session.token, p.binding); err != nil {
		p.refused(w, r, err)
		return
	}
	p.setCookie(w, r, "")
	p.done(w, r, "/admin", "left")
}

// show renders an operator's page, or the error from reading its data.
func (p *pages) show(w http.ResponseWriter, r *http.Request, name, title string, d *desk, err error) {
	status := http.StatusOK
	if err != nil {
		status, d.Problem = httpserver.Explain(err)
		if errors.Is(err, market.ErrNotFound) {
			name, title = "admin-none", "Not found"
		}
		d.blame(err)
		retryAfter(w, err)
	}
	p.render(w, r, status, name, title, d)
}

func (p *pages) adminAgents(w http.ResponseWriter, r *http.Request, d *desk) {
	d.Search = sought(r.URL.Query().Get("search"))
	if to := placeOf(d.Search); to != "" {
		http.Redirect(w, r, p.root(r)+"/admin"+to, http.StatusSeeOther)
		return
	}
	standing, order := r.URL.Query().Get("standing"), r.URL.Query().Get("sort_by")
	d.Choices = map[string][]choice{"sort": choices(order, choice{Name: "best rated first"}, choice{Value: "tasks_completed", Name: "most done first"}, choice{Value: "newest", Name: "newest first"}), "standing": choices(standing, choice{Name: "any"}, choice{Value: "active", Name: "active"}, choice{Value: "suspended", Name: "suspended"})}
	var err error
	d.Agents, err = p.market.AllAgents(r.Context(), market.StandingQuery{
		AgentQuery: market.AgentQuery{Search: d.Search, SortBy: order, Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}}, Standing: market.Standing(standing),
	})
	d.Pager = p.pagerOf(r, len(d.Agents.Agents), d.Agents.Total, 0)
	d.Pager.More = d.Agents.TotalMore
	p.show(w, r, "admin-agents", "Agents", d, err)
}

func (p *pages) adminAgent(w http.ResponseWriter, r *http.Request, d *desk) {
	p.agentDesk(w, r, d, nil)
}

// agentDesk shows an agent, with what was wrong in the form just sent.
func (p *pages) agentDesk(w http.ResponseWriter, r *http.Request, d *desk, problem error) {
	file, err := p.market.AgentFile(r.Context(), market.AgentID(r.PathValue("id")))
	if offset := offsetOf(r); err == nil && offset > 0 {
		var older market.LedgerPage
		older, err = p.market.LedgerOf(r.Context(), file.Agent.ID, market.Page{Limit: pageSize, Offset: offset})
		file.Ledger = older.Ledger
	}
	if errors.Is(err, market.ErrNotFound) {
		d.Search = r.PathValue("id")
		p.show(w, r, "admin-none", "Not found", d, err)
		return
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	d.Agent, d.Dealings = &file, dealingsOf(&file)
	ids := []market.AgentID{}
	for _, other := range d.Dealings {
		ids = append(ids, other.With)
	}
	if d.Names, err = p.market.Names(r.Context(), ids...); err != nil {
		p.refused(w, r, err)
		return
	}
	d.Pager = p.pagerOf(r, len(file.Ledger), file.LedgerTotal, 0)
	p.show(w, r, "admin-agent", file.Agent.Name, d, problem)
}

// text is a field of a form, with the line breaks that its author made.
func text(r *http.Request, name string) string {
	return strings.ReplaceAll(strings.TrimSpace(r.PostFormValue(name)), "\r\n", "\n")
}

func (p *pages) adminTasks(w http.ResponseWriter, r *http.Request, d *desk) {
	d.Search = sought(r.URL.Query().Get("search"))
	if to := placeOf(d.Search); to != "" {
		if status := r.URL.Query().Get("status"); status != "" && isID(d.Search, "ag-") {
			to = "/tasks?" + url.Values{"poster": {d.Search}, "status": {status}}.Encode()
		}
		http.Redirect(w, r, p.root(r)+"/admin"+to, http.StatusSeeOther)
		return
	}
	q, tag := r.URL.Query(), strings.TrimSpace(r.URL.Query().Get("tag"))
	d.Choices = map[string][]choice{
		"status": statusChoices(q.Get("status")), "tag": {{Value: tag}},
		"of": choices(q.Get("of"), choice{Name: "all"}, choice{Value: "reported", Name: "with open reports"}, choice{Value: "ever", Name: "ever reported"}, choice{Value: "system", Name: "system tasks"}),
	}
	err := p.parties(r, d)
	in := market.AllTasksQuery{
		Filter: market.Filter{Search: d.Search}, Status: market.Status(q.Get("status")),
		Poster: d.Poster, Worker: d.Worker,
		Reported: q.Get("of") == "reported", EverReported: q.Get("of") == "ever", System: q.Get("of") == "system",
		Page: market.Page{Limit: pageSize, Offset: offsetOf(r)},
	}
	if tag != "" {
		in.Tags = []string{tag}
	}
	if err == nil && len(d.Found) == 0 {
		d.Tasks, err = p.market.AllTasks(r.Context(), in)
	}
	if err == nil {
		ids := []market.AgentID{d.Poster, d.Worker}
		for i := range d.Tasks.Tasks {
			ids = append(ids, d.Tasks.Tasks[i].PosterID, d.Tasks.Tasks[i].WorkerID)
		}
		d.Names, err = p.market.Names(r.Context(), ids...)
	}
	d.Pager = p.pagerOf(r, len(d.Tasks.Tasks), d.Tasks.Total, d.Tasks.NextOffset)
	if d.Tasks.NextOffset == 0 {
		d.Pager.After = ""
	}
	d.Pager.counted(r, len(d.Tasks.Tasks), d.Tasks.Matches, d.Tasks.MatchesMore)
	p.show(w, r, "admin-tasks", "Tasks", d, err)
}

// parties finds the poster and the worker that the address names, by id or whole name.
// Those who may be meant are found where it is not clear who is.
func (p *pages) parties(r *http.Request, d *desk) error {
	for name, id := range map[string]*market.AgentID{"poster": &d.Poster, "worker": &d.Worker} {
		*id = market.AgentID(sought(r.URL.Query().Get(name)))
		if *id == "" || isID(string(*id), "ag-") || *id == market.Platform {
			continue
		}
		whole, like, err := p.named(r.Context(), string(*id))
		if err != nil {
			return err
		}
		if len(whole) != 1 {
			d.Found = append(append(d.Found, whole...), like...)
			continue
		}
		*id = whole[0].ID
	}
	return nil
}

func (p *pages) adminTask(w http.ResponseWriter, r *http.Request, d *desk) { p.taskDesk(w, r, d, nil) }

// taskDesk shows a task's file, with what was wrong in the form just sent.
func (p *pages) taskDesk(w http.ResponseWriter, r *http.Request, d *desk, problem error) {
	file, err := p.market.TaskFile(r.Context(), market.TaskID(r.PathValue("id")))
	if errors.Is(err, market.ErrNotFound) {
		d.Search = r.PathValue("id")
		p.show(w, r, "admin-none", "Not found", d, err)
		return
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	d.File, d.Case = &file, caseOf(&file)
	var life timeline
	life.ahead(&file.Task, p.market.Now())
	d.Ahead = life
	ids := []market.AgentID{file.Task.PosterID, file.Task.WorkerID}
	for i := range d.Case {
		ids = append(ids, d.Case[i].Who, d.Case[i].To)
	}
	if d.Names, err = p.market.Names(r.Context(), ids...); problem == nil {
		problem = err
	}
	p.show(w, r, "admin-task", "Task", d, problem)
}

func (p *pages) adminReports(w http.ResponseWriter, r *http.Request, d *desk) {
	p.reportDesk(w, r, d, nil)
}

func (p *pages) reportDesk(w http.ResponseWriter, r *http.Request, d *desk, problem error) {
	d.Status = market.ReportOpen
	if wanted, given := r.URL.Query()["status"]; given {
		d.Status = market.ReportStatus(strings.TrimPrefix(wanted[0], "all"))
	}
	states := []choice{}
	for _, s := range []market.ReportStatus{market.ReportOpen, market.ReportReviewed, market.ReportDismissed} {
		states = append(states, choice{Value: string(s), Name: string(s)})
	}
	d.Choices = map[string][]choice{"status": choices(string(d.Status), append(states, choice{Name: "all"})...)}
	d.Of = market.TaskID(r.URL.Query().Get("task"))
	err := p.reported(r, d)
	if problem == nil {
		problem = err
	}
	d.Pager = p.pagerOf(r, len(d.Reports.Reports), d.Reports.Total, d.Reports.NextOffset)
	p.show(w, r, "admin-reports", "Reports", d, problem)
}

// StatusWord is which reports are listed, "" for all; Listed reports whether they could be.
func (d *desk) StatusWord() string { return string(d.Status) }
func (d *desk) Listed() bool       { return d.Of != "" || d.Reports.Reports != nil }

// reported finds the reports that the page lists, and what they are about.
func (p *pages) reported(r *http.Request, d *desk) (err error) {
	if d.Of != "" {
		var file market.TaskFile
		file, err = p.market.TaskFile(r.Context(), d.Of)
		d.Reports = market.ReportList{Reports: file.Reports, Total: len(file.Reports)}
		d.ClosedBy = closersOf(file.Actions)
	} else {
		d.Reports, err = p.market.Reports(r.Context(), d.Status, market.Page{Limit: pageSize, Offset: offsetOf(r)})
	}
	if err != nil {
		return err
	}
	var tasks []market.TaskID
	for _, report := range d.Reports.Reports {
		tasks = append(tasks, report.Task)
	}
	if d.Needs, err = p.market.Summaries(r.Context(), tasks...); err != nil {
		return err
	}
	if d.Of == "" {
		if err := p.closers(r.Context(), d); err != nil {
			return err
		}
	}
	var ids []market.AgentID
	for _, report := range d.Reports.Reports {
		ids = append(ids, report.Reporter, d.Needs[report.Task].PosterID)
	}
	d.Names, err = p.market.Names(r.Context(), ids...)
	return err
}

// closers finds who closed the reports that the page lists, as far as they are among those
// that were closed last.
func (p *pages) closers(ctx context.Context, d *desk) error {
	if !slices.ContainsFunc(d.Reports.Reports, func(r market.Report) bool { return r.Status != market.ReportOpen }) {
		return nil
	}
	last, err := p.market.Actions(ctx, market.ActionQuery{Action: market.ActionResolveReport, Page: market.Page{Limit: 100}})
	d.ClosedBy = closersOf(last.Actions)
	return err
}

func closersOf(actions []market.OperatorAction) map[market.ReportID]string {
	by := map[market.ReportID]string{}
	for i := range actions {
		if a := &actions[i]; a.Action == market.ActionResolveReport {
			by[a.ReportID] = a.Operator
		}
	}
	return by
}

func (p *pages) adminAudit(w http.ResponseWriter, r *http.Request, d *desk) {
	p.show(w, r, "admin-audit", "Audit", d, nil)
}

func (p *pages) runAudit(w http.ResponseWriter, r *http.Request, d *desk) {
	report, err := p.market.Audit(r.Context())
	if err == nil {
		d.Audit = &report
	}
	p.show(w, r, "admin-audit", "Audit", d, err)
}
