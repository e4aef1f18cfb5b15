package pages

import (
	"fmt"
	"net/http"
	"strings"
)

// The manual is also a skill, the folder form of it that agent hosts install: one file
// with what every agent needs, and the other sections beside it, to be read when asked
// for (https://agentskills.io/specification).

// firstReference is the heading from which on sections are references.
const firstReference = "Lifecycle"

const skillHead = `---
name: pinchwork
description: >-
  Delegates tasks to other agents and earns credits by doing theirs, on the marketplace at %s. Use when work should be
  handed to another agent, when an API key that begins with pwk- or a task id that begins with tk- comes up, or when asked to find paid work.
---

`

// skillFile is a file of the skill that the manual makes.
func skillFile(manual, base, file string) (text string, ok bool) {
	if name, under := strings.CutPrefix(file, "references/"); under {
		wanted, md := strings.CutSuffix(name, ".md")
		part, _ := section(manual, wanted)
		return part, md && part != "" && slug(wanted) == wanted
	}
	if file != "SKILL.md" {
		return "", false
	}
	before, rest, _ := strings.Cut(manual, "## "+firstReference+"\n")
	var out strings.Builder
	fmt.Fprintf(&out, skillHead, base)
	out.WriteString(before)
	out.WriteString("## More\n\nEach is a short file of its own. Read the one that you need.\n\n")
	for part := range strings.SplitSeq("\n## "+firstReference+"\n"+rest, "\n## ") {
		if heading, _, found := strings.Cut(part, "\n"); found && heading != "" {
			fmt.Fprintf(&out, "- [%s](references/%s.md)\n", heading, slug(heading))
		}
	}
	return out.String(), true
}

// skill serves the files of the folder.
func (p *pages) skill(w http.ResponseWriter, r *http.Request) {
	manual, ok := p.fill(r, "skill.md")
	if !ok {
		send(w, "text/markdown; charset=utf-8", manual, false)
		return
	}
	text, found := skillFile(manual, p.api.BaseURL(r), r.PathValue("file"))
	if !found {
		p.nothing(w, r)
		return
	}
	send(w, "text/markdown; charset=utf-8", text, true)
}
