package pages

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const (
	cookieName = "pinchwork_admin"
	// sessionLife is how long an operator stays logged in, whatever happens.
	sessionLife = 8 * time.Hour
)

var encoding = base64.RawURLEncoding

// session is a browser in which an operator has logged in: the market keeps it, bound to
// the admin key, so that another one ends all of them. csrf is for its forms.
type session struct {
	token market.SessionToken
	csrf  string
}

// sent reports whether a form was made in this session.
func (s session) sent(r *http.Request) bool {
	return hmac.Equal([]byte(r.PostFormValue("csrf")), []byte(s.csrf))
}

// sessionOf returns the session that a request claims.
func (p *pages) sessionOf(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil || cookie.Value == "" || !p.api.HasAdmin() {
		return session{}, false
	}
	token := market.SessionToken(cookie.Value)
	return session{token, formToken(token)}, true
}

// admitSession finds the operator of a session and charges the request: to the operator,
// or to the client address where there is none. Reading is charged as reading. If the store
// does not answer, nobody is admitted.
func (p *pages) admitSession(w http.ResponseWriter, r *http.Request, s session) (market.Operator, error) {
	o, err := p.market.AdmitLogIn(r.Context(), s.token, p.binding)
	if errors.Is(err, market.ErrUnauthorized) {
		if limited := p.api.ChargeVisitor(w, r); limited != nil {
			return o, limited
		}
	}
	if err != nil {
		return o, err
	}
	return o, p.api.ChargeOperator(w, r, o)
}

// refusedSession sends an operator whose session has ended to the login.
func (p *pages) refusedSession(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, market.ErrUnauthorized) {
		p.refused(w, r, err)
		return
	}
	p.setCookie(w, r, "")
	p.logInAgain(w, r)
}

// deskCookie says to the pages for everybody that this browser has a session at the desk: to
// show the way there, for which no secret leaves the desk.
const deskCookie = "pinchwork_desk"

// operates reports whether the browser that asks has a session at the desk.
func operates(r *http.Request) bool {
	c, err := r.Cookie(deskCookie)
	return err == nil && c.Value != ""
}

// setCookie sets the session's cookie, or ends it when the value is empty.
func (p *pages) setCookie(w http.ResponseWriter, r *http.Request, value string) {
	known := ""
	if value != "" {
		known = "1"
	}
	p.cookie(w, r, &http.Cookie{Name: cookieName, Value: value, Path: "/admin", MaxAge: int(sessionLife.Seconds()), SameSite: http.SameSiteStrictMode})
	p.cookie(w, r, &http.Cookie{Name: deskCookie, Value: known, Path: "/", MaxAge: int(sessionLife.Seconds()), SameSite: http.SameSiteStrictMode})
}

// cookie sets a session's cookie, or ends it when it has no value.
func (p *pages) cookie(w http.ResponseWriter, r *http.Request, c *http.Cookie) {
	c.Path, c.HttpOnly = p.root(r)+c.Path, true
	c.Secure = r.TLS != nil || strings.HasPrefix(p.api.BaseURL(r), "https://")
	if c.Value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// fromHere reports whether a browser sent the request from a page of this
// server.
func (p *pages) fromHere(r *http.Request) bool {
	if err := http.NewCrossOriginProtection().Check(r); err == nil {
		return true
	}
	base, err := url.Parse(p.api.BaseURL(r))
	site := r.Header.Get("Sec-Fetch-Site")
	return err == nil && (site == "" || site == "same-origin") && r.Header.Get("Origin") == base.Scheme+"://"+base.Host
}

// clientOf is the address from which a request comes, as far as the server knows it.
func (p *pages) clientOf(r *http.Request) string {
	if a := p.api.ClientAddress(r); a.IsValid() {
		return a.String()
	}
	return ""
}
