package pages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// order is a form of the desk: what to do, and why, which the log of actions keeps.
type order struct {
	*http.Request
	desk   *desk
	reason string
	// page is where the form stands.
	page string
}

// agent is whom the order is about.
func (o *order) agent() market.AgentID { return market.AgentID(o.PathValue("id")) }

// acts does what a form says, if it gives a reason and is confirmed, and leads back to
// the form's page, with what was done, or with what is wrong and the form as it was sent.
func (p *pages) acts(form string, do func(*order) (notice string, err error)) http.HandlerFunc {
	return p.operator(func(w http.ResponseWriter, r *http.Request, d *desk) {
		o := &order{Request: r, desk: d, reason: text(r, "reason"), page: whence(r)}
		show := p.standing(form)
		d.Tried, d.Sent = form+r.PostFormValue("which"), r.PostForm
		if task := r.PostFormValue("task"); form == "clawback" && isID(task, "tk-") {
			o.page = "/admin/tasks/" + url.PathEscape(task)
			show = func(w http.ResponseWriter, r *http.Request, d *desk, err error) {
				r.SetPathValue("id", task)
				p.taskDesk(w, r, d, err)
			}
		}
		if r.PostFormValue("try") != "" && (form == "resolve" || form == "grant" || form == "clawback") {
			show(w, r, d, p.try(form, o))
			return
		}
		err := o.confirmed()
		var notice string
		if err == nil {
			notice, err = do(o)
		} else {
			err = errors.Join(p.wrongToo(form, o), err)
		}
		if err != nil || notice == "" {
			show(w, r, d, err)
			return
		}
		p.done(w, r, o.page, notice)
	})
}

// standing shows the page on which a form stands.
func (p *pages) standing(form string) func(http.ResponseWriter, *http.Request, *desk, error) {
	switch form {
	case "resolve":
		return p.taskDesk
	case "report":
		return p.reportDesk
	case "add", "revoke":
		return p.operatorDesk
	case "again", "seen":
		return p.webhookDesk
	}
	return p.agentDesk
}

// confirmed refuses what was not confirmed or has no reason.
func (o *order) confirmed() error {
	var reason, sure error
	if o.reason == "" {
		reason = notWhole("reason", "say why: the log of actions keeps it")
	}
	if o.PostFormValue(fieldSure) != "yes" {
		sure = notWhole(fieldSure, "confirm that you are")
	}
	return errors.Join(reason, sure)
}

// wrongToo is what else is wrong with a form that is refused, so that all of it is said at
// once. It does nothing.
func (p *pages) wrongToo(form string, o *order) (err error) {
	switch form {
	case "grant", "clawback":
		err = p.boundedAmount(form, o)
	case "resolve":
		err = p.tryResolution(o)
		o.desk.Would = nil
	}
	if refusal, is := errors.AsType[*market.Error](err); !is || refusal.Field == "" {
		return nil
	}
	return err
}

// boundedAmount refuses credits that could not be moved.
func (p *pages) boundedAmount(form string, o *order) error {
	amount, err := amountOf(o)
	if err != nil {
		return err
	}
	file, err := p.market.AgentFile(o.Context(), o.agent())
	if err != nil {
		return err
	}
	most := file.MostGranted
	if form == "clawback" {
		most = file.MostClawedBack
	}
	if amount < 1 || amount > most {
		return notWhole("amount", fmt.Sprintf("must be 1 to %d", most))
	}
	return nil
}

// Was is what a field of a form held when the form was refused.
func (d *desk) Was(form, field string) string {
	if d.Tried != form {
		return ""
	}
	return d.Sent.Get(field)
}

// Refused reports whether that form was refused, so that it stays open.
func (d *desk) Refused(form string) bool { return d.Tried == form }

// OpenReports reports whether anything that is reported about the task waits.
func (d *desk) OpenReports() bool {
	return d.File != nil && slices.ContainsFunc(d.File.Reports, func(r market.Report) bool { return r.Status == market.ReportOpen })
}

func (p *pages) grant(o *order) (string, error) {
	in, err := o.granting()
	if err != nil {
		return "", err
	}
	if p.asksAgain(o, in) {
		return "", nil
	}
	done, err := p.market.Grant(market.WithIdempotencyKey(o.Context(), onceKey(o.Request)), in)
	return tell("granted", done.Granted, done.AgentID, done.Balance), err
}

func (p *pages) clawBack(o *order) (string, error) {
	in, err := o.takingBack()
	if err != nil {
		return "", err
	}
	done, err := p.market.ClawBack(market.WithIdempotencyKey(o.Context(), onceKey(o.Request)), in)
	if done.PosterID != "" {
		return tell("refunded", done.ClawedBack, done.AgentID, done.Balance, done.PosterID, done.PosterBalance), err
	}
	return tell("clawed", done.ClawedBack, done.AgentID, done.Balance), err
}

// granting and takingBack are what the forms say about credits.
func (o *order) granting() (market.GrantInput, error) {
	amount, err := amountOf(o)
	return market.GrantInput{AgentID: o.agent(), Amount: amount, Reason: o.reason}, err
}

func (o *order) takingBack() (market.ClawBackInput, error) {
	amount, err := amountOf(o)
	return market.ClawBackInput{
		AgentID: o.agent(), Amount: amount, Reason: o.reason,
		TaskID: market.TaskID(o.PostFormValue("task")), Refund: o.PostFormValue("refund") == "yes",
	}, err
}

// asksAgain reports whether a grant is of more than all that was issued so far, and was not
// confirmed with the figures before it. The page then shows them.
func (p *pages) asksAgain(o *order, in market.GrantInput) bool {
	if o.PostFormValue(fieldMeant) == fmt.Sprint(in.Amount) {
		return false
	}
	would, err := p.market.ForeseeGrant(o.Context(), in)
	if err != nil || !would.Unusual { // the grant itself says what is wrong
		return false
	}
	o.desk.Foreseen = &would
	return true
}

// try finds what the form would do.
func (p *pages) try(form string, o *order) error {
	var would market.Foreseen
	switch form {
	case "grant":
		in, err := o.granting()
		if err != nil {
			return err
		}
		if would, err = p.market.ForeseeGrant(o.Context(), in); err != nil {
			return err
		}
	case "clawback":
		in, err := o.takingBack()
		if err != nil {
			return err
		}
		if would, err = p.market.ForeseeClawBack(o.Context(), in); err != nil {
			return err
		}
	default:
		return p.tryResolution(o)
	}
	o.desk.Foreseen = &would
	return nil
}

// amountOf is a number of credits, which has no default.
func amountOf(o *order) (int64, error) {
	if strings.TrimSpace(o.PostFormValue("amount")) == "" {
		return 0, notWhole("amount", "must be a whole number")
	}
	return whole(o.PostForm, "amount")
}

func (p *pages) suspend(o *order) (string, error) {
	in := market.SuspendInput{AgentID: o.agent(), Suspended: o.PostFormValue("to") == "suspended", Reason: o.reason}
	done, err := p.market.Suspend(o.Context(), in)
	switch {
	case err != nil:
		return "", err
	case done.Was:
		return o.already(done.Message, &done.Already), nil
	case in.Suspended:
		return tell("suspended", in.AgentID), nil
	}
	return tell("unsuspended", in.AgentID), nil
}

func (p *pages) appoint(o *order) (string, error) {
	in := market.InfraInput{AgentID: o.agent(), Infra: o.PostFormValue("to") == "infra", Reason: o.reason}
	done, err := p.market.AppointInfra(o.Context(), in)
	switch {
	case err != nil:
		return "", err
	case done.Was:
		return o.already("It is so already; nothing has changed", &done.Already), nil
	case in.Infra:
		return tell("appointed", in.AgentID), nil
	}
	return tell("dismissed", in.AgentID), nil
}

// already says what the act found and, if it is known, who did it before. Loading the
// answer again does nothing again.
func (o *order) already(found string, a *market.Already) (noNotice string) {
	o.desk.Tried, o.desk.Done = "", found+"."
	if a.Before != nil {
		o.desk.Done = found + ". Before you it was done " + a.Before.Told() + "."
	}
	return ""
}

func (p *pages) redeliver(o *order) (string, error) {
	_, err := p.market.RedeliverOf(o.Context(), market.RedeliverInput{AgentID: o.agent(), EventID: o.PostFormValue("which"), Reason: o.reason})
	return "queued", err
}

// resolution is what the form says about a task.
func (o *order) resolution() (in market.ResolveTaskInput, err error) {
	in = market.ResolveTaskInput{Outcome: market.TaskOutcome(o.PostFormValue("outcome")), Reason: o.reason}
	if in.Outcome == market.OutcomeSplit || strings.TrimSpace(o.PostFormValue("worker_credits")) != "" {
		in.WorkerCredits, err = whole(o.PostForm, "worker_credits")
	}
	return in, err
}

// tryResolution finds what the decision in the form would do with the credits.
func (p *pages) tryResolution(o *order) error {
	in, err := o.resolution()
	if err != nil {
		return err
	}
	would, err := p.market.Settlement(o.Context(), market.TaskID(o.PathValue("id")), in)
	if err == nil {
		o.desk.Would = &would
	}
	return err
}

func (p *pages) resolveTask(o *order) (string, error) {
	id := market.TaskID(o.PathValue("id"))
	in, err := o.resolution()
	if err != nil {
		return "", err
	}
	task, err := p.market.ResolveTask(o.Context(), id, in)
	if err != nil {
		return "", err
	}
	if o.PostFormValue("close") != "yes" {
		return decision(&task), nil
	}
	return also(decision(&task), tell("closed")), p.closeReports(o, id)
}

// decision tells who got what by a decision.
func decision(t *market.Task) string {
	if t.Status != market.StatusApproved || t.WorkerReceives == nil || t.Fee == nil {
		return tell("refund", t.MaxCredits, t.PosterID)
	}
	return tell(string(t.Resolution.Outcome), *t.WorkerReceives, t.WorkerID, *t.Fee, t.MaxCredits-t.CreditsCharged, t.PosterID)
}

// closeReports resolves the open reports about a task, each with an entry of its own in
// the log. The decision about the task stands in any case.
func (p *pages) closeReports(o *order, id market.TaskID) error {
	file, err := p.market.TaskFile(o.Context(), id)
	if err != nil {
		return err
	}
	for i := range file.Reports {
		report := &file.Reports[i]
		if report.Status != market.ReportOpen {
			continue
		}
		if _, err := p.market.ResolveReport(o.Context(), report.ID, market.ResolveInput{Status: market.ReportReviewed, Note: o.reason}); err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) resolveReport(o *order) (string, error) {
	in := market.ResolveInput{Status: market.ReportStatus(o.PostFormValue("as")), Note: o.reason}
	_, err := p.market.ResolveReport(o.Context(), market.ReportID(o.PathValue("id")), in)
	if in.Status == market.ReportDismissed {
		return tell("unfounded"), err
	}
	return tell("reviewed"), err
}

// addOperator shows the new key once, in the answer to the form: a page that is loaded
// again sends the form again, which is refused since the name is taken.
func (p *pages) addOperator(o *order) (string, error) {
	made, err := p.market.AddOperator(o.Context(), market.OperatorInput{
		Name: strings.TrimSpace(o.PostFormValue("name")), Role: market.OperatorRole(o.PostFormValue("role")), Reason: o.reason,
	})
	if err == nil {
		o.desk.NewKey, o.desk.Tried = made.APIKey, ""
	}
	return "", err
}

func (p *pages) revokeOperator(o *order) (string, error) {
	gone, err := p.market.RevokeOperator(o.Context(), o.PathValue("id"), market.RevokeInput{Reason: o.reason})
	return tell("revoked", goneOperator+gone.Name), err
}
