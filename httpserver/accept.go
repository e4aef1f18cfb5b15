package httpserver

import (
	"strconv"
	"strings"
)

// prefersJSON reports whether an Accept header prefers application/json to
// text/markdown. On equal quality the type that is named more precisely wins,
// and markdown on a draw, so that the usual "application/json, text/plain, */*"
// means JSON and "*/*" markdown.
func prefersJSON(accept []string) bool {
	if len(accept) == 0 {
		return false
	}
	if len(accept) == 1 && accept[0] == "application/json" {
		return true
	}
	var json, markdown preference
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		kind, quality := mediaRange(part)
		json.consider(kind, quality, "application/json", "application/*")
		markdown.consider(kind, quality, "text/markdown", "text/*")
	}
	if json.quality != markdown.quality {
		return json.quality > markdown.quality
	}
	return json.quality > 0 && json.precision > markdown.precision
}

// preference is the quality that the most precise matching range gives.
type preference struct {
	precision int
	quality   float64
}

func (p *preference) consider(kind string, quality float64, exact, family string) {
	precision := 0
	switch kind {
	case exact:
		precision = 3
	case family:
		precision = 2
	case "*/*":
		precision = 1
	}
	if precision > p.precision {
		*p = preference{precision, quality}
	}
}

// mediaRange reads one range of an Accept header. A quality that cannot be read
// counts as 1.
func mediaRange(part string) (kind string, quality float64) {
	kind, params, _ := strings.Cut(part, ";")
	quality = 1
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if q, err := strconv.ParseFloat(value, 64); err == nil && (name == "q" || name == "Q") && q >= 0 && q <= 1 {
			quality = q
		}
	}
	return strings.ToLower(strings.TrimSpace(kind)), quality
}
