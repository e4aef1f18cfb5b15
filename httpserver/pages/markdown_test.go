package pages

import (
	"strings"
	"testing"
)

// What strangers wrote is shown, and does nothing.
func TestMarkdownOfStrangersIsHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"**bold**":                          "<p><strong>bold</strong></p>\n",
		"# Title":                           "<h3>Title</h3>\n",
		"[x](https://example.org/?a=1&b)":   `<p><a href="https://example.org/?a=1&amp;b" rel="nofollow noopener noreferrer ugc">x</a></p>` + "\n",
		"[x](javascript:alert(1)) y":        "<p>x y</p>\n",
		"[*x*](data:text/html;base64,xxxx)": "<p><em>x</em></p>\n",
		"[![a](https://e.org/b)](data:x)":   `<p><a href="https://e.org/b" rel="nofollow noopener noreferrer ugc">a</a></p>` + "\n",
		"[![a](https://e.org/b)](//c.org)":  `<p><a href="//c.org" rel="nofollow noopener noreferrer ugc">a</a></p>` + "\n",
		"![a](javascript:x)":                "<p>a</p>\n",
		"![pic](https://example.org/x.png)": `<p><a href="https://example.org/x.png" rel="nofollow noopener noreferrer ugc">pic</a></p>` + "\n",
		"a <b>bold</b> c":                   "<p>a &lt;b&gt;bold&lt;/b&gt; c</p>\n",
		"<div>\n&amp; **x**\n</div>":        "<p>&lt;div&gt;\n&amp;amp; **x**\n&lt;/div&gt;</p>\n",
		"<!-- said\nin secret -->\n\nloud":  "<p>&lt;!-- said\nin secret --&gt;</p>\n<p>loud</p>\n",
	} {
		if got := string(markdown(in)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{
		"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<javascript:alert(1)>", "[a](<javascript:alert(1)>)",
		"![x](javascript:alert(1))", "```<script>\n</script>\n```", `[x](https://e.org "t\" onclick=\"alert(1)")`, "<a href=x style=position:fixed>y</a>",
		strings.Repeat("<script>", maxMarkdown), "# <style>*{}</style>", "| a |\n|---|\n| <iframe src=x> |", "- [ ] <form action=x>",
	} {
		got := strings.ToLower(string(markdown(in)))
		for _, bad := range []string{"<script", "<img", "<style", "<iframe", "<form", "<a href=x", `="javascript:`, ` onclick="`} {
			if strings.Contains(got, bad) && !strings.Contains(got, "&lt;"+strings.TrimPrefix(bad, "<")) {
				t.Errorf("%.60q has %s in %.300s", in, bad, got)
			}
		}
	}
}

// The lines of what one says stay lines.
func TestTalkKeepsItsLines(t *testing.T) {
	if got, want := string(talk("one\n**two**\n<three>")), "<p>one<br>\n<strong>two</strong><br>\n&lt;three&gt;</p>\n"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

// A task is called by its first line, without marks.
func TestHeadlines(t *testing.T) {
	for in, want := range map[string]string{
		"Count the sheep":                       "Count the sheep",
		"# Count *the* sheep\n\nAll of them":    "Count the sheep",
		"\n\n**Count**\nthe sheep":              "Count",
		"- first\n- second":                     "first",
		"1. [the docs](https://e.org) `now`":    "the docs now",
		"> quoted\n\nand more":                  "quoted",
		"```go\nfunc main() {\n}\n```":          "func main() {",
		"Water <b>the</b> plants":               "Water <b>the</b> plants",
		"<div>\nx\n</div>":                      "<div>",
		"---\n\nafter the rule":                 "after the rule",
		"a_b_c and 2 * 3 & more":                "a_b_c and 2 * 3 & more",
		"AT&amp;T":                              "AT&T",
		"***":                                   "***",
		"":                                      "",
		"| a | b |\n|---|---|\n| 1 | 2 |":       "a",
		strings.Repeat("é", 3_000) + "\nsecond": strings.Repeat("é", 79) + "…",
	} {
		if got := headline(in); got != want {
			t.Errorf("%.40q is called %q, want %q", in, got, want)
		}
	}
}
