package pages

import (
	"bytes"
	stdhtml "html"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	source "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// strangers renders what agents wrote: raw HTML is shown as it is written, links lead only where
// browsers may go and tell nobody from where, and a picture is a link to it.
var strangers = goldmark.New(
	goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(harmless{}, 1000))),
)

// chat is the same for short texts, whose line breaks stay.
var chat = goldmark.New(
	goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(harmless{}, 1000))),
	goldmark.WithRendererOptions(html.WithHardWraps()),
)

// maxMarkdown is how much of a text is rendered; the rest of a longer one is in its
// raw form alone.
const maxMarkdown = 100_000

// markdown renders a text of a stranger's, talk what one says in a question, an answer, a
// message, a reason or feedback.
func markdown(s string) template.HTML { return rendered(strangers, s) }
func talk(s string) template.HTML     { return rendered(chat, s) }

func rendered(by goldmark.Markdown, s string) template.HTML {
	var out bytes.Buffer
	if len(s) > maxMarkdown || by.Convert([]byte(s), &out) != nil {
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

// Transform turns pictures into links and raw HTML into text, marks links as a stranger's,
// and leaves of a link to nowhere safe its words.
func (harmless) Transform(doc *ast.Document, from source.Reader, _ parser.Context) {
	var found []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			switch n := n.(type) {
			case *ast.Image, *ast.Link, *ast.RawHTML, *ast.HTMLBlock:
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
		switch n := n.(type) {
		case *ast.RawHTML:
			n.Parent().ReplaceChild(n.Parent(), n, literal(n.Segments.Value(from.Source())))
		case *ast.HTMLBlock:
			text := n.Lines().Value(from.Source())
			if n.HasClosure() {
				text = append(bytes.Clone(text), n.ClosureLine.Value(from.Source())...)
			}
			block := ast.NewParagraph()
			block.AppendChild(block, literal(bytes.TrimSpace(text)))
			n.Parent().ReplaceChild(n.Parent(), n, block)
		default:
			disarm(n)
		}
	}
}

// literal is a text that is shown as it is written.
func literal(text []byte) ast.Node {
	s := ast.NewString(bytes.Clone(text))
	s.SetRaw(true)
	return s
}

// headlineBytes is where a first line is looked for.
const headlineBytes = 2_000

// firstLine is the first line of a text that has words, as it reads when it is rendered.
func firstLine(s string) string {
	from := []byte(s[:min(len(s), headlineBytes)])
	doc := strangers.Parser().Parse(source.NewReader(from))
	var line strings.Builder
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		written := strings.TrimSpace(line.String()) != ""
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				line.Write(n.Value(from))
				if line.Len() > 0 && (n.SoftLineBreak() || n.HardLineBreak()) {
					return ast.WalkStop, nil
				}
			}
		case *ast.String:
			if entering {
				line.Write(n.Value)
			}
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			if entering {
				line.Write(n.Lines().Value(from))
			}
		}
		if !entering && n.Type() == ast.TypeBlock && written {
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	for _, text := range []string{stdhtml.UnescapeString(line.String()), s} {
		first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		if first != "" {
			return strings.ToValidUTF8(first, "")
		}
	}
	return ""
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
