package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// maxLost is how much of a form is carried past the sign-in, as a browser writes it. What
// is longer is still behind the browser's Back.
const maxLost = 256 << 10

// lostForm is a form whose session has ended. It goes along with the sign-in, in the page
// alone, and is shown again after it: nothing of it is kept here, and nothing is done.
type lostForm struct {
	// At is its address, To the page on which it stands, both below the mount prefix.
	At, To string
	Fields []lostField
	// TooLong says that it does not go along.
	TooLong bool
	// Does is what sending it does, and to whom, "" where that is not known. Sure is set on
	// one that does nothing before one says that one is sure.
	Does string
	Sure bool
}

// lostField is a field of it; Label is "" for one that nobody has written in.
type lostField struct{ Name, Value, Label string }

// Long reports whether it was written in a field of several lines.
func (f lostField) Long() bool { return len(f.Value) > 80 || strings.Contains(f.Value, "\n") }

// lostAt names the field with the address of a lost form, and lostPrefix begins the names
// of its own.
const (
	lostAt     = "lost-at"
	lostPrefix = "lost."
)

// lose is the form that a request without a session brings, nil for none in which anybody
// has written, or that another site sent.
func (p *pages) lose(w http.ResponseWriter, r *http.Request, labels map[string]string) *lostForm {
	if r.Method != http.MethodPost || !p.fromHere(r) {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLost)
	if err := r.ParseForm(); err != nil {
		return &lostForm{TooLong: true}
	}
	return lostOf(r.URL.RequestURI(), r.PostForm, labels)
}

// found is the lost form that came along with a sign-in, nil for none.
func found(form url.Values, below string, labels map[string]string) *lostForm {
	at := form.Get(lostAt)
	if !strings.HasPrefix(at, below) || inside(at) != at || path.Clean(at) != at {
		return nil
	}
	fields := url.Values{}
	for name, values := range form {
		if own, is := strings.CutPrefix(name, lostPrefix); is {
			fields[own] = values
		}
	}
	return lostOf(at, fields, labels)
}

// lostOf leaves out secrets, what belongs to the session, and what says that one is sure:
// that is asked again.
func lostOf(at string, form url.Values, labels map[string]string) *lostForm {
	l := &lostForm{At: at, To: standsOn(at)}
	written := false
	for name, values := range form {
		if name == "csrf" || name == fieldSure || name == fieldMeant || strings.Contains(name, "key") || strings.Contains(name, "secret") {
			continue
		}
		for _, value := range values {
			l.Fields = append(l.Fields, lostField{name, value, labels[name]})
			written = written || labels[name] != "" && strings.TrimSpace(value) != ""
		}
	}
	if !written {
		return nil
	}
	slices.SortStableFunc(l.Fields, func(a, b lostField) int { return cmp.Compare(a.Name, b.Name) })
	return l
}

// value is what a field of the form holds.
func (l *lostForm) value(name string) string {
	i := slices.IndexFunc(l.Fields, func(f lostField) bool { return f.Name == name })
	if i < 0 {
		return ""
	}
	return l.Fields[i].Value
}

// parts are those of its address, such as tasks, an id and what is done to it.
func (l *lostForm) parts() (parts [4]string) {
	at, _, _ := strings.Cut(l.At, "?")
	for i, part := range strings.SplitN(strings.Trim(at, "/"), "/", len(parts)) {
		if unescaped, err := url.PathUnescape(part); err == nil {
			parts[i] = unescaped
		}
	}
	return parts
}

// standsOn is the page on which an owner's form stands.
func standsOn(at string) string {
	at, _, _ = strings.Cut(at, "?")
	switch {
	case at == "/me/key", at == "/me/redeliver":
		return "/me/settings"
	case strings.HasPrefix(at, "/tasks/") && at != "/tasks/new":
		return path.Dir(at)
	}
	return at
}

// resumed is the data of the page on which a lost form is shown again: to whom, and for
// which session.
type resumed struct {
	Lost       *lostForm
	Name, CSRF string
}

// sorry is what the page for signing in says about a lost form.
func (l *lostForm) sorry(signIn string) string {
	const ended = "Your session has ended, and nothing of the form was done. "
	switch {
	case l == nil:
		return ended + signIn + " to go on where it was."
	case l.TooLong:
		return ended + "It is too long to go along: copy what you wrote from the page before, where your browser’s Back leads."
	}
	return ended + signIn + ", and what you wrote is here again."
}
