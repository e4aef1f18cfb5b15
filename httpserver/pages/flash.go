package pages

import (
	"net/http"
	"net/url"
	"strings"
)

// flashCookie holds the code of what has just been done, for the page that says so. It
// is not in the address: anybody could make a link that says "Approved and paid".
const flashCookie = "pinchwork_done"

// flashLife is for how long a page may still say so, in seconds.
const flashLife = 60

// done leads to the page that says what has just been done. The path is escaped, below
// the mount prefix, and may have a query.
func (p *pages) done(w http.ResponseWriter, r *http.Request, path, code string) {
	at, _, _ := strings.Cut(path, "?")
	p.cookie(w, r, &http.Cookie{Name: flashCookie, Value: code, Path: at, MaxAge: flashLife, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, p.root(r)+path, http.StatusSeeOther)
}

// justDone is the code that done has left for this page. It is said once.
func (p *pages) justDone(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(flashCookie)
	if err != nil || r.Method != http.MethodGet {
		return ""
	}
	p.cookie(w, r, &http.Cookie{Name: flashCookie, Path: (&url.URL{Path: r.URL.Path}).EscapedPath()})
	return c.Value
}
