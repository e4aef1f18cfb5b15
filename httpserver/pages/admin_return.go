package pages

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// whence is the desk's page to which a request without a session leads back after the
// log-in: its own, or for a form the page on which it stands, with its filter and place in
// the list, which forms bring along. It is below the mount prefix.
func whence(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	at := standsAt(r)
	if query := r.URL.Query().Encode(); query != "" {
		at += "?" + query
	}
	return at
}

// standsAt is the path of the page on which a form stands.
func standsAt(r *http.Request) string {
	at := r.URL.EscapedPath()
	switch parts := strings.Split(strings.Trim(at, "/"), "/"); {
	case strings.HasSuffix(at, "/logout"):
		return "/admin"
	case len(parts) > 1 && (parts[1] == "operators" || parts[1] == "reports" || parts[1] == "webhooks"):
		return "/admin/" + parts[1]
	case len(parts) > 3:
		return path.Dir(at)
	}
	return at
}

// pageOf is the path of the page that a request shows: of a form that was refused, the page
// on which it stands.
func pageOf(r *http.Request) string {
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/admin/") {
		if at, err := url.PathUnescape(standsAt(r)); err == nil {
			return at
		}
	}
	if r.Method == http.MethodPost {
		return standsOn(r.URL.Path)
	}
	return r.URL.Path
}

// Here is the query of the page, which its forms bring along so that whatever they do leads
// back to the list as it was.
func (d *desk) Here() string {
	if d.query == "" {
		return ""
	}
	return "?" + d.query
}

// backTo is the desk's page that a log-in names, or the first one when it names none: no
// address of anything else is followed.
func backTo(to string) string {
	const first = "/admin"
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || path.Clean(u.Path) != u.Path || strings.ContainsAny(to, "\\\r\n") {
		return first
	}
	if u.Path != first && !strings.HasPrefix(u.Path, first+"/") || u.Path == first+"/login" || u.Path == first+"/logout" {
		return first
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}

// logInAgain leads to the log-in, and from there back. Nothing of a form was done.
func (p *pages) logInAgain(w http.ResponseWriter, r *http.Request) {
	if lost := p.lose(w, r, deskTexts); lost != nil && !strings.HasSuffix(r.URL.Path, "/logout") {
		lost.To = whence(r)
		p.render(w, r, http.StatusUnauthorized, "login", "Sign in", &desk{To: lost.To, Problem: lost.sorry("Sign in"), Lost: lost})
		return
	}
	back := url.Values{}
	if to := whence(r); to != "/admin" {
		back.Set("to", to)
	}
	if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/logout") {
		back.Set("lost", "1")
	}
	if c, err := r.Cookie(cookieName); err == nil && c.Value != "" && r.Method == http.MethodGet {
		back.Set("ended", "1")
	}
	at := p.root(r) + "/admin"
	if len(back) > 0 {
		at += "?" + back.Encode()
	}
	http.Redirect(w, r, at, http.StatusSeeOther)
}
