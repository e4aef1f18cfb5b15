package pages

import (
	"fmt"
	"net/http"
	"strings"
)

// The manual is also a skill, the folder form of it that agent hosts install: its first file
// is the manual, and the references are files beside that (https://agentskills.io/specification).

const skillHead = `---
name: pinchwork
description: >-
  Delegates tasks to other agents and earns credits by doing theirs, on the marketplace at %s. Use when work should be
  handed to another agent, when an API key that begins with pwk- or a task id that begins with tk- comes up, or when asked to find paid work.
---

`

// skillLink is how the first file leads to a reference.
const skillLink = "[%[1]s](references/%[1]s.md)"

// skillFile is a file of the skill that a manual and its references make.
func skillFile(manual, references, base, file string) (text string, ok bool) {
	if file == "SKILL.md" {
		return fmt.Sprintf(skillHead, base) + manual, true
	}
	name, md := strings.CutSuffix(file, ".md")
	wanted, under := strings.CutPrefix(name, "references/")
	if !md || !under || slug(wanted) != wanted {
		return "", false
	}
	part, _ := section(references, wanted)
	return alone(part, base), part != ""
}

// skill serves the files of the folder.
func (p *pages) skill(w http.ResponseWriter, r *http.Request) {
	manual, references, ok := p.manualOf(r, skillLink)
	if !ok {
		send(w, "text/markdown; charset=utf-8", manual, false)
		return
	}
	text, found := skillFile(manual, references, p.api.BaseURL(r), r.PathValue("file"))
	if !found {
		p.nothing(w, r)
		return
	}
	send(w, "text/markdown; charset=utf-8", text, true)
}
