package pages

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
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
	nonceSize   = 16
	macSize     = sha256.Size
)

// sessions makes and checks operators' sessions. A session is a signed time and name,
// so that any replica with the same admin key accepts it, and a new key ends them
// all; the store keeps only the sessions that were ended early.
type sessions struct {
	secret []byte
	now    func() time.Time
}

// session is who is logged in. Its token is for the forms of that session; its id
// tells it from others and opens nothing.
type session struct {
	csrf, id, operator string
	expires            time.Time
}

var encoding = base64.RawURLEncoding

// start returns the value of the cookie of an operator's new session.
func (s *sessions) start(operator string) string {
	signed := make([]byte, 8, 8+nonceSize+len(operator)+macSize)
	binary.BigEndian.PutUint64(signed, uint64(s.now().Add(sessionLife).UnixMicro()))
	nonce := make([]byte, nonceSize)
	_, _ = rand.Read(nonce) // never fails
	signed = append(append(signed, nonce...), operator...)
	return encoding.EncodeToString(append(signed, s.mac("session", signed)...))
}

// open checks a cookie's value.
func (s *sessions) open(value string) (session, bool) {
	data, err := encoding.DecodeString(value)
	if err != nil || len(s.secret) == 0 || len(data) <= 8+nonceSize+macSize {
		return session{}, false
	}
	signed, mac := data[:len(data)-macSize], data[len(data)-macSize:]
	if !hmac.Equal(mac, s.mac("session", signed)) {
		return session{}, false
	}
	expires := int64(binary.BigEndian.Uint64(signed))
	if s.now().UnixMicro() >= expires {
		return session{}, false
	}
	return session{
		csrf: encoding.EncodeToString(s.mac("form", signed)),
		id:   encoding.EncodeToString(signed[8 : 8+nonceSize]), operator: string(signed[8+nonceSize:]), expires: time.UnixMicro(expires),
	}, true
}

func (s *sessions) mac(purpose string, data []byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(purpose))
	mac.Write(data)
	return mac.Sum(nil)
}

// sent reports whether a form was made in this session.
func (s session) sent(r *http.Request) bool {
	return hmac.Equal([]byte(r.PostFormValue("csrf")), []byte(s.csrf))
}

// sessionOf returns the session of a request.
func (p *pages) sessionOf(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	return p.sessions.open(cookie.Value)
}

var errLoggedOut = &market.Error{Kind: market.ErrUnauthorized, Code: market.CodeUnauthorized, Message: "This session was ended, log in again"}

// admitSession charges a request of an operator's, asks whether its session was ended
// or its key revoked, and returns the operator. If the store does not answer, nobody is
// admitted.
func (p *pages) admitSession(w http.ResponseWriter, r *http.Request, s session) (market.Operator, error) {
	if err := p.api.ChargeAdmin(w, r); err != nil {
		return market.Operator{}, err
	}
	return p.operatorOf(r.Context(), s)
}

func (p *pages) operatorOf(ctx context.Context, s session) (market.Operator, error) {
	ended, err := p.market.SessionEnded(ctx, s.id)
	switch {
	case err != nil:
		return market.Operator{}, err
	case ended:
		return market.Operator{}, errLoggedOut
	case s.operator == market.Root().Name:
		return market.Root(), nil
	}
	o, err := p.market.OperatorNamed(ctx, s.operator)
	if err == nil && o.CreatedAt.After(s.expires.Add(-sessionLife)) {
		err = errLoggedOut // by one who had the name before
	}
	return o, err
}

// refusedSession sends an operator whose session has ended to the login.
func (p *pages) refusedSession(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, market.ErrUnauthorized) {
		p.refused(w, r, err)
		return
	}
	p.setCookie(w, r, "")
	http.Redirect(w, r, p.root(r)+"/admin", http.StatusSeeOther)
}

// setCookie sets the session's cookie, or ends it when the value is empty.
func (p *pages) setCookie(w http.ResponseWriter, r *http.Request, value string) {
	p.cookie(w, r, &http.Cookie{Name: cookieName, Value: value, Path: "/admin", MaxAge: int(sessionLife.Seconds()), SameSite: http.SameSiteStrictMode})
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
