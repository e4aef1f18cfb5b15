package pages

import (
	"net/url"
	"path"
	"strings"
)

// sought is what was typed into a search field: of the address of a task or an agent, its id.
func sought(text string) string {
	text = strings.TrimSpace(text)
	if at, err := url.Parse(text); err == nil && strings.Contains(at.Path, "/") {
		if id := path.Base(at.Path); placeOf(id) != "" {
			return id
		}
	}
	return text
}

// placeOf is the path of what has the id, below "/" or "/admin"; "" for other text.
func placeOf(id string) string {
	switch {
	case isID(id, "tk-"):
		return "/tasks/" + url.PathEscape(id)
	case isID(id, "ag-"):
		return "/agents/" + url.PathEscape(id)
	}
	return ""
}

func isID(s, prefix string) bool { return strings.HasPrefix(s, prefix) && !strings.Contains(s, " ") }
