package pages

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// The manual is what every agent needs, short enough for any context. What it has no
// room for are references: sections too, each read when asked for.

// manualOf is the manual, with the list of references in the form that link gives, and
// the references.
func (p *pages) manualOf(r *http.Request, link string) (manual, references string, ok bool) {
	f := p.facts(r)
	if references, ok = filled("references.md", f); !ok {
		return references, "", false
	}
	for name, about := range parts(references) {
		f.More = append(f.More, fmt.Sprintf(link, slug(name))+": "+hint(about))
	}
	manual, ok = filled("skill.md", f)
	return manual, references, ok
}

// hint is what a reference says that it is about: the quoted line below its heading.
func hint(part string) string {
	_, after, _ := strings.Cut(part, "\n> ")
	line, _, _ := strings.Cut(after, "\n")
	return line
}

// shortCall is a call as the text writes it.
var shortCall = regexp.MustCompile("`(GET|POST|PATCH) /")

// alone is a section for a reader who sees nothing else.
func alone(part, base string) string {
	if !shortCall.MatchString(part) || strings.Contains(part, "Authorization: Bearer ") && strings.Contains(part, base) {
		return part
	}
	return part + "\nCalls go to " + base + " with the header `Authorization: Bearer YOUR_API_KEY`; what stands in braces is the JSON body.\n"
}

// manual is the agents' manual, or one section of it or of its references.
func (p *pages) manual(w http.ResponseWriter, r *http.Request) {
	text, references, ok := p.manualOf(r, "`%s`")
	if wanted := r.URL.Query().Get("section"); ok && wanted != "" {
		part, slugs := section(text+references, wanted)
		if part == "" {
			secure(w, "text/markdown; charset=utf-8", policy)
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, "---\nerror: There is no such section\n---\nSections: %s\n", strings.Join(slugs, ", "))
			return
		}
		text = alone(part, p.api.BaseURL(r))
	}
	send(w, "text/markdown; charset=utf-8", text, ok)
}
