package serve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/near"
)

// didYouMean is ", did you mean X?" when a known name is near.
func didYouMean(name string, known []string) string {
	if meant := nearest(name, known); meant != "" {
		return fmt.Sprintf(", did you mean %s?", meant)
	}
	return ""
}

// nearest is the known name with the fewest different letters; "" when it is another
// name altogether.
func nearest(name string, known []string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	name = strings.TrimPrefix(name, "pinchwork-")
	best, least := "", max(2, len(name)/4)+1
	for _, k := range known {
		if d := near.Distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		// A part of the name, such as "fee", when only one has it.
		var with []string
		for _, k := range known {
			if name != "" && strings.Contains(k, name) {
				with = append(with, k)
			}
		}
		if len(with) == 1 {
			best = with[0]
		}
	}
	return best
}

// Mistyped warns of variables that are no setting, and nearly one.
func Mistyped(environ []string) []string {
	var known []string
	for _, o := range All() {
		known = append(known, o.Env)
		if o.File {
			known = append(known, o.Env+"_FILE")
		}
	}
	var out []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "PINCHWORK_") || slices.Contains(known, name) || slices.Contains(others, name) {
			continue
		}
		for _, k := range known {
			if near.Distance(name, k) <= 2 {
				out = append(out, fmt.Sprintf("%s is no setting and is ignored, did you mean %s?", name, k))
				break
			}
		}
	}
	return out
}

// others are variables of the other commands.
var others = []string{ConfigEnv, "PINCHWORK_SERVER", "PINCHWORK_API_KEY", "PINCHWORK_PROFILE", "PINCHWORK_VERSION", "PINCHWORK_RELEASES"}
