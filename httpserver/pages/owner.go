package pages

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

const (
	ownerCookie = "pinchwork_session"
	// ownerLife is how long an agent's owner stays signed in, whatever happens.
	ownerLife = 7 * 24 * time.Hour
)

// owner is who has signed in with an agent's key.
type owner struct {
	ID   market.AgentID
	Name string
	// CSRF is for the forms of this session.
	CSRF string

	token market.SessionToken
	// api is nil for a suspended agent.
	api market.AgentAPI
}

type ownerKey struct{}

// ownerOf is who has signed in; nil for everybody else, and for whose agent is suspended.
func ownerOf(r *http.Request) *owner {
	if o := sessionOwner(r); o != nil && o.api != nil {
		return o
	}
	return nil
}

// suspendedOf is who has signed in and can do nothing but sign out.
func suspendedOf(r *http.Request) *owner {
	if o := sessionOwner(r); o != nil && o.api == nil {
		return o
	}
	return nil
}

func sessionOwner(r *http.Request) *owner {
	o, _ := r.Context().Value(ownerKey{}).(*owner)
	return o
}

// recognize finds out who is signed in, and charges the client address. A session that
// has ended is forgotten, and the page is then the one that everybody sees.
func (p *pages) recognize(next http.HandlerFunc) http.HandlerFunc {
	return p.visitor(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(ownerCookie)
		if err != nil || cookie.Value == "" {
			next(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		token := market.SessionToken(cookie.Value)
		id, admitted, err := p.market.AdmitSession(ctx, token, nil)
		switch {
		case errors.Is(err, market.ErrUnauthorized):
			p.setOwner(w, r, "")
		case errors.Is(err, market.ErrSuspended) && admitted.Agent != nil:
			o := &owner{Name: admitted.Agent.Name, CSRF: formToken(token), token: token}
			r = r.WithContext(context.WithValue(r.Context(), ownerKey{}, o))
		case err != nil:
			p.refused(w, r, err)
			return
		default:
			o := &owner{ID: id, Name: admitted.Agent.Name, CSRF: formToken(token), token: token}
			o.api = p.api.Visit(w, r, id)
			r = r.WithContext(context.WithValue(r.Context(), ownerKey{}, o))
		}
		next(w, r)
	})
}

// recognizeIf is recognize for a page that costs next to nothing for everybody else.
func (p *pages) recognizeIf(next http.HandlerFunc) http.HandlerFunc {
	known := p.recognize(next)
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(ownerCookie); err != nil {
			next(w, r)
			return
		}
		known(w, r)
	}
}

// formToken proves that a form was made in the session: only who has the cookie can
// know it, and it does not tell the cookie.
func formToken(token market.SessionToken) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("form"))
	return encoding.EncodeToString(mac.Sum(nil))
}

// owned admits only who is signed in, and forms only from a page of that session. Whose
// agent is suspended is told so.
func (p *pages) owned(next ownersPage) http.HandlerFunc {
	return p.ownedFor(patience, next)
}

// ownedFor is owned for what takes so long at most.
func (p *pages) ownedFor(most time.Duration, next ownersPage) http.HandlerFunc {
	return p.ownedLong(func(w http.ResponseWriter, r *http.Request, o *owner) {
		ctx, cancel := context.WithTimeout(r.Context(), most)
		defer cancel()
		next(w, r.WithContext(ctx), o)
	})
}

// ownedLong is owned for what lasts as long as its reader likes.
func (p *pages) ownedLong(next ownersPage) http.HandlerFunc {
	return p.inSession(func(w http.ResponseWriter, r *http.Request, o *owner) {
		if o.api == nil {
			p.render(w, r, http.StatusForbidden, "suspended", "Suspended", nil)
			return
		}
		next(w, r, o)
	})
}

type ownersPage func(http.ResponseWriter, *http.Request, *owner)

// inSession is owned for what a suspended agent's owner may do too.
func (p *pages) inSession(next ownersPage) http.HandlerFunc {
	return p.recognize(func(w http.ResponseWriter, r *http.Request) {
		o := sessionOwner(r)
		if o == nil {
			p.signInAgain(w, r)
			return
		}
		if r.Method == http.MethodPost {
			if !p.readForm(w, r, maxOwnerForm) {
				return
			}
			if p.shown(r) {
				p.render(w, r, http.StatusOK, "shown", "That was done before", nil)
				return
			}
			if !p.fromHere(r) || !hmac.Equal([]byte(r.PostFormValue("csrf")), []byte(o.CSRF)) {
				p.render(w, r, http.StatusForbidden, "invalid", "That does not work", "This form is not from your session. Load the page again.")
				return
			}
		}
		next(w, r, o)
	})
}

// signInAgain leads to the sign-in, and from there back. Nothing of a form was done: what
// was written in it goes along.
func (p *pages) signInAgain(w http.ResponseWriter, r *http.Request) {
	if lost := p.lose(w, r, labels); lost != nil {
		p.render(w, r, http.StatusUnauthorized, "sign-in", "Sign in", signing{To: standsOn(r.URL.RequestURI()), Problem: lost.sorry("Sign in"), Lost: lost})
		return
	}
	back := url.Values{}
	switch {
	case r.Method == http.MethodGet:
		back.Set("to", r.URL.RequestURI())
	case r.URL.Path != "/sign-out":
		back.Set("to", standsOn(r.URL.RequestURI()))
		back.Set("lost", "1")
	}
	to := p.root(r) + "/sign-in"
	if len(back) > 0 {
		to += "?" + back.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// maxOwnerForm is how large a form may be: a result of 500,000 characters, as a
// browser writes the longest of them.
const maxOwnerForm = 8 << 20

// readForm reads a form of so many bytes at most, and tells whoever sends more that it is
// too long.
func (p *pages) readForm(w http.ResponseWriter, r *http.Request, most int64) bool {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	err := r.ParseForm()
	if errors.As(err, new(*http.MaxBytesError)) {
		p.render(w, r, http.StatusRequestEntityTooLarge, "invalid", "Too long", "What you sent is too long, and nothing was done. Go back and shorten it: your browser has kept it.")
		return false
	}
	if err != nil {
		p.render(w, r, http.StatusBadRequest, "invalid", "That does not work", "This form cannot be read.")
		return false
	}
	return true
}

// signing is the data of the page on which an owner signs in.
type signing struct {
	To, Problem string
	Lost        *lostForm
}

func (p *pages) signInPage(w http.ResponseWriter, r *http.Request) {
	if sessionOwner(r) != nil {
		http.Redirect(w, r, p.root(r)+inside(r.URL.Query().Get("to")), http.StatusSeeOther)
		return
	}
	in := signing{To: r.URL.Query().Get("to")}
	if r.URL.Query().Has("lost") {
		in.Problem = in.Lost.sorry("Sign in")
	}
	p.render(w, r, http.StatusOK, "sign-in", "Sign in", in)
}

func (p *pages) signIn(w http.ResponseWriter, r *http.Request) {
	if !p.readForm(w, r, maxLost+maxForm) {
		return
	}
	in := signing{To: r.PostFormValue("to")}
	if !p.fromHere(r) {
		in.Problem = "This form is from another site."
		p.render(w, r, http.StatusForbidden, "sign-in", "Sign in", in)
		return
	}
	in.Lost = found(r.PostForm, "/", labels)
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	token, id, err := p.market.SignIn(ctx, market.APIKey(strings.TrimSpace(r.PostFormValue("key"))), ownerLife)
	if err != nil {
		status, message := httpserver.Explain(err)
		retryAfter(w, err)
		in.Problem = message + "."
		p.render(w, r, status, "sign-in", "Sign in", in)
		return
	}
	p.setOwner(w, r, string(token))
	if in.Lost == nil {
		http.Redirect(w, r, p.root(r)+inside(in.To), http.StatusSeeOther)
		return
	}
	names, err := p.market.Names(ctx, id)
	if err != nil {
		p.refused(w, r, err)
		return
	}
	o := &owner{ID: id, Name: names[id], CSRF: formToken(token), token: token, api: p.api.Visit(w, r, id)}
	r = r.WithContext(context.WithValue(ctx, ownerKey{}, o))
	in.Lost.Does = o.does(ctx, in.Lost)
	p.render(w, r, http.StatusOK, "found", "Your form", resumed{in.Lost, o.Name, o.CSRF})
}

// inside is an address to go on to, if it is a page of this server: "to" comes with
// a link that anybody may have made.
func inside(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return "/me"
	}
	return u.RequestURI()
}

func (p *pages) signOut(w http.ResponseWriter, r *http.Request, o *owner) {
	if err := p.market.SignOut(r.Context(), o.token); err != nil {
		p.refused(w, r, err)
		return
	}
	p.setOwner(w, r, "")
	http.Redirect(w, r, p.root(r)+"/", http.StatusSeeOther)
}

// setOwner sets the session's cookie, or ends it when the value is empty. A link on
// another site leads to the owner's own view: what changes something is a form, and
// has to come from here.
func (p *pages) setOwner(w http.ResponseWriter, r *http.Request, value string) {
	p.cookie(w, r, &http.Cookie{Name: ownerCookie, Value: value, Path: "/", MaxAge: int(ownerLife.Seconds()), SameSite: http.SameSiteLaxMode})
}
