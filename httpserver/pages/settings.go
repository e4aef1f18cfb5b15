package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// settings is the data of the page on which an owner changes an agent's profile and key.
type settings struct {
	Me market.Me
	// Key is the new key, shown this once; "" unless it has just been made. OldKeyUntil
	// is when the key before stops to work, zero when it has stopped.
	Key         market.APIKey
	OldKeyUntil market.Time
	// Signed says that a secret signs the agent's webhooks, Failed is what did not reach them.
	Signed bool
	Failed failed
	forms
}

// Declared are the tags that the agent has given itself, as its form has them.
func (s *settings) Declared() string {
	if s.Me.TagsBy != market.TagsDeclared {
		return ""
	}
	return strings.Join(s.Me.Tags, ", ")
}

// Value is what a field of the profile's form shows: what was sent if that was refused,
// else what is.
func (s *settings) Value(field, is string) string {
	if s.Act == "settings" {
		return s.Sent.Get(field)
	}
	return is
}

// Infra reports whether the box for system tasks is ticked.
func (s *settings) Infra() bool {
	if s.Act == "settings" {
		return s.Sent.Has("accepts_system_tasks")
	}
	return s.Me.AcceptsSystemTasks
}

func (p *pages) settings(w http.ResponseWriter, r *http.Request, o *owner) {
	page := settings{forms: p.formsOf(w, r, o)}
	p.showSettings(w, r, o, http.StatusOK, &page)
}

func (p *pages) showSettings(w http.ResponseWriter, r *http.Request, o *owner, status int, page *settings) {
	var err error
	if page.Me, err = o.api.Me(r.Context()); err == nil {
		page.Signed, err = p.market.As(o.ID).SignsWebhooks(r.Context())
	}
	if err == nil {
		page.Failed, err = p.failed(r.Context(), r, o)
	}
	if err != nil && page.Key == "" {
		p.refused(w, r, err)
		return
	}
	p.render(w, r, status, "settings", "Settings", page)
}

// refuseSettings shows the form again that was sent, with what was wrong with it.
func (p *pages) refuseSettings(w http.ResponseWriter, r *http.Request, o *owner, act string, err error) {
	page := settings{forms: p.formsOf(w, r, o)}
	status := page.wrong(r, err)
	page.Act = act
	retryAfter(w, err)
	p.showSettings(w, r, o, status, &page)
}

// changeSettings changes what the form says differently from the profile.
func (p *pages) changeSettings(w http.ResponseWriter, r *http.Request, o *owner) {
	me, err := o.api.Me(r.Context())
	if err == nil {
		_, err = o.api.UpdateMe(r.Context(), changesOf(&me, r.PostForm))
	}
	if err != nil {
		p.refuseSettings(w, r, o, "settings", err)
		return
	}
	p.done(w, r, "/me/settings", "settings")
}

// changesOf are the fields in which a form differs from a profile: a text that stays the
// same is not read for tags again.
func changesOf(me *market.Me, in url.Values) (out market.UpdateInput) {
	if name := words(in, "name"); name != me.Name {
		out.Name = market.Some(name)
	}
	if goodAt := words(in, "good_at"); goodAt != me.GoodAt {
		out.GoodAt = orNull(goodAt)
	}
	if infra := in.Has("accepts_system_tasks"); infra != me.AcceptsSystemTasks {
		out.AcceptsSystemTasks = market.Some(infra)
	}
	if to := words(in, "webhook_url"); to != me.WebhookURL {
		out.WebhookURL = orNull(to)
	}
	if secret := in.Get("webhook_secret"); secret != "" || in.Has("forget_secret") {
		out.WebhookSecret = orNull(secret)
	}
	tags, declared := tagged(in), me.TagsBy == market.TagsDeclared
	switch {
	case len(tags) == 0 && declared:
		out.Tags = market.Null[[]string]()
	case len(tags) > 0 && (!declared || !slices.Equal(tags, me.Tags)):
		out.Tags = market.Some(tags)
	}
	return out
}

// orNull clears a field that was emptied.
func orNull(s string) market.Optional[string] {
	if s == "" {
		return market.Null[string]()
	}
	return market.Some(s)
}

// rotateKey makes another key and shows it once, in the answer to the form itself: it is
// in no address and is kept nowhere. A session belongs to the key that opened it, so this
// browser is signed in with the new one; the others end with the old key.
func (p *pages) rotateKey(w http.ResponseWriter, r *http.Request, o *owner) {
	minutes, err := strconv.Atoi(r.PostFormValue("overlap_minutes"))
	if err != nil {
		p.refuseSettings(w, r, o, "key", notWhole("overlap_minutes", "must be a whole number"))
		return
	}
	made, err := o.api.RotateKey(r.Context(), market.RotateInput{Overlap: time.Duration(minutes) * time.Minute})
	if err != nil {
		p.refuseSettings(w, r, o, "key", err)
		return
	}
	p.markShown(w, r, "/me/key")
	// Without another session the key is shown all the same: it cannot be had again.
	if token, _, err := p.market.SignIn(r.Context(), made.APIKey, ownerLife); err == nil {
		p.setOwner(w, r, string(token))
		o.token, o.CSRF = token, formToken(token)
	}
	page := settings{Key: made.APIKey, OldKeyUntil: made.OldKeyUntil, forms: p.formsOf(w, r, o)}
	p.showSettings(w, r, o, http.StatusOK, &page)
}
