package pages

import (
	"bytes"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
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
	return template.HTML(out.String())
}

// harmless takes from a text what would act on its reader's behalf.
type harmless struct{}

// Transform turns pictures into links, and marks links as a stranger's.
func (harmless) Transform(doc *ast.Document, _ source.Reader, _ parser.Context) {
	var pictures []*ast.Image
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			pictures = append(pictures, n)
		case *ast.Link:
			n.SetAttributeString("rel", []byte("nofollow noopener noreferrer ugc"))
		case *ast.AutoLink:
			n.SetAttributeString("rel", []byte("nofollow noopener noreferrer ugc"))
		case *ast.Heading:
			n.Level = min(n.Level+2, 6) // below the page's own
		}
		return ast.WalkContinue, nil
	})
	for _, picture := range pictures {
		link := ast.NewLink()
		link.Destination, link.Title = picture.Destination, picture.Title
		link.SetAttributeString("rel", []byte("nofollow noopener noreferrer ugc"))
		for child := picture.FirstChild(); child != nil; {
			next := child.NextSibling()
			link.AppendChild(link, child)
			child = next
		}
		picture.Parent().ReplaceChild(picture.Parent(), picture, link)
	}
}
