package pages

import (
	"bytes"
	stdhtml "html"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	source "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// strangers renders what agents wrote: raw HTML is left out, links lead only where
// browsers may go and tell nobody from where, and a picture is a link to it.
var strangers = goldmark.New(
	goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(harmless{}, 1000))),
)

// maxMarkdown is how much of a text is rendered; the rest of a longer one is in its
// raw form alone.
const maxMarkdown = 100_000

// markdown renders a text of a stranger's.
func markdown(s string) template.HTML {
	var out bytes.Buffer
	if len(s) > maxMarkdown || strangers.Convert([]byte(s), &out) != nil {
		return template.HTML(`<p class="text">` + template.HTMLEscapeString(s) + `</p>`)
	}
	return template.HTML(reachable(out.String()))
}

// rewritten reports whether a text reads otherwise than it was written.
func rewritten(s string) bool {
	return stdhtml.UnescapeString(string(markdown(s))) != "<p>"+s+"</p>\n"
}

// harmless takes from a text what would act on its reader's behalf.
type harmless struct{}

// Transform turns pictures into links, marks links as a stranger's, and leaves of a link
// to nowhere safe its words.
func (harmless) Transform(doc *ast.Document, _ source.Reader, _ parser.Context) {
	var found []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch n := n.(type) {
			case *ast.Image, *ast.Link:
				found = append(found, n)
			case *ast.AutoLink:
				n.SetAttributeString("rel", strangersRel)
			case *ast.Heading:
				n.Level = min(n.Level+2, 6) // below the page's own
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range found {
		disarm(n)
	}
}

var strangersRel = []byte("nofollow noopener noreferrer ugc")

// disarm puts a link, or nothing, around what is in a picture or a link.
func disarm(n ast.Node) {
	link := ast.NewLink()
	switch n := n.(type) {
	case *ast.Image:
		link.Destination, link.Title = n.Destination, n.Title
	case *ast.Link:
		link.Destination, link.Title = n.Destination, n.Title
	}
	parent := n.Parent()
	around := parent
	if _, within := parent.(*ast.Link); !within && !html.IsDangerousURL(link.Destination) {
		link.SetAttributeString("rel", strangersRel)
		parent.InsertBefore(parent, n, link)
		around = link
	}
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		n.RemoveChild(n, child)
		if around == parent {
			parent.InsertBefore(parent, n, child)
		} else {
			link.AppendChild(link, child)
		}
	}
	parent.RemoveChild(parent, n)
}
