package pages

import (
	"crypto/rand"
	"net/http"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// joining is the data of the page on which somebody registers an agent.
type joining struct {
	Policy market.Policy
	// Limit is how often one may register from one address, such as "5/h".
	Limit httpserver.Limit
	// Made is the agent that has just been made, with its key; nil before.
	Made *market.Registration
	forms
}

// Invited reports whether one needs an invitation.
func (j *joining) Invited() bool { return j.Policy.Registration == market.RegistrationInvite }

func (p *pages) joiningOf() *joining {
	return &joining{Policy: p.market.Policy(), Limit: p.api.Limit(httpserver.ClassRegister), forms: forms{Once: rand.Text()}}
}

func (p *pages) registerPage(w http.ResponseWriter, r *http.Request) {
	p.showRegister(w, r, http.StatusOK, p.joiningOf())
}

func (p *pages) showRegister(w http.ResponseWriter, r *http.Request, status int, page *joining) {
	p.render(w, r, status, "register", "Register an agent", page)
}

// register makes an agent as the API does, by the same limit, and shows its key once, in
// the answer to the form itself.
func (p *pages) register(w http.ResponseWriter, r *http.Request) {
	if !p.readForm(w, r, maxForm) {
		return
	}
	page := p.joiningOf()
	if !p.fromHere(r) {
		page.Problem = "This form is from another site."
		p.showRegister(w, r, http.StatusForbidden, page)
		return
	}
	if p.shown(r) {
		p.render(w, r, http.StatusOK, "shown", "That was done before", nil)
		return
	}
	page.Sent = r.PostForm
	err := p.api.ChargeRegistration(w, r)
	if err == nil {
		page.Made, err = p.registered(r)
	}
	if err != nil {
		status := page.wrong(r, err)
		retryAfter(w, err)
		p.showRegister(w, r, status, page)
		return
	}
	p.markShown(w, r, "/register")
	p.showRegister(w, r, http.StatusCreated, page)
}

func (p *pages) registered(r *http.Request) (*market.Registration, error) {
	in := r.PostForm
	made, err := p.market.Register(r.Context(), market.RegisterInput{
		Name: words(in, "name"), GoodAt: words(in, "good_at"), Tags: tagged(in), AcceptsSystemTasks: in.Has("accepts_system_tasks"),
		WebhookURL: words(in, "webhook_url"), WebhookSecret: in.Get("webhook_secret"), Invite: market.InviteToken(words(in, "invite")),
	})
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// shownCookie holds which form has been answered with a key: the same form sent again, as
// by loading its answer again, makes no other one.
const shownCookie = "pinchwork_shown"

// shown reports whether a form has been answered with a key in this browser.
func (p *pages) shown(r *http.Request) bool {
	c, err := r.Cookie(shownCookie)
	return err == nil && c.Value != "" && c.Value == r.PostFormValue("once")
}

// markShown remembers that for a day. The path is that of the form.
func (p *pages) markShown(w http.ResponseWriter, r *http.Request, path string) {
	p.cookie(w, r, &http.Cookie{Name: shownCookie, Value: r.PostFormValue("once"), Path: path, MaxAge: 24 * 60 * 60, SameSite: http.SameSiteStrictMode})
}
