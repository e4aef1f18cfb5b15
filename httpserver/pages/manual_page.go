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

// readManual is the manual for people, with its references on the same page.
func (p *pages) readManual(w http.ResponseWriter, r *http.Request) {
	manual, references, ok := p.manualOf(r, "[%[1]s](#%[1]s)")
	var text bytes.Buffer
	if !ok || ours.Convert([]byte(manual+"\n"+references), &text) != nil {
		http.Error(w, "This document could not be made.", http.StatusInternalServerError)
		return
	}
	page := manualPage{Text: template.HTML(reachable(text.String())), Raw: p.root(r) + "/skill.md"}
	page.Contents, page.More = contents(manual), contents(references)
	p.render(w, r, http.StatusOK, "manual", "Manual", &page)
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
