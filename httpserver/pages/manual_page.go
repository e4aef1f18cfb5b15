package pages

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
)

// ours renders the documents of this server.
var ours = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// manualPage is the data of the manual as a page.
type manualPage struct {
	Contents, More []entry
	Text           template.HTML
	Raw            string
}

// entry is a line of the contents.
type entry struct{ Slug, Name string }

// readManual is the manual for people, with its references on the same page. A section
// is asked for as of the raw manual, and is a place on the page.
func (p *pages) readManual(w http.ResponseWriter, r *http.Request) {
	manual, references, ok := p.manualOf(r, "[%[1]s](#%[1]s)")
	if wanted := r.URL.Query().Get("section"); ok && wanted != "" {
		if at := sectionSlug(manual+references, wanted); at != "" {
			http.Redirect(w, r, p.root(r)+"/manual#"+at, http.StatusSeeOther)
			return
		}
	}
	manual, references = forPeople(manual, references)
	var text bytes.Buffer
	if !ok || ours.Convert([]byte(manual+"\n"+references), &text) != nil {
		http.Error(w, "This document could not be made.", http.StatusInternalServerError)
		return
	}
	page := manualPage{Text: template.HTML(reachable(text.String())), Raw: p.root(r) + "/skill.md"}
	page.Contents, page.More = contents(manual), contents(references)
	p.render(w, r, http.StatusOK, "manual", "Manual", &page)
}

// forPeople puts what one does with a browser before what one does with a program.
func forPeople(manual, references string) (string, string) {
	browser, _ := section(references, "with-a-browser")
	head, rest, found := strings.Cut(manual, "\n## ")
	if browser == "" || !found {
		return manual, references
	}
	return head + "\n" + browser + "\n## " + rest, strings.Replace(references, browser, "", 1)
}

// sectionSlug is where the section is that a reader asks for, "" where there is none.
func sectionSlug(text, wanted string) string {
	part, _ := section(text, wanted)
	heading, _, _ := strings.Cut(strings.TrimPrefix(part, "## "), "\n")
	return slug(heading)
}

func contents(text string) (lines []entry) {
	for heading := range parts(text) {
		lines = append(lines, entry{slug(heading), heading})
	}
	return lines
}

// reachable lets what is too wide scroll, by keyboard too.
func reachable(html string) string { return wide.Replace(html) }

var wide = strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<div class="wide" tabindex="0"><table>`, "</table>", "</table></div>")
