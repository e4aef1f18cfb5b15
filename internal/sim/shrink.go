package sim

import (
	"fmt"
	"slices"
	"strings"
)

// shrink tells a story again and again with fewer steps, as long as the same promise
// is broken. again plays a story and spends one of the tries.
func shrink(o *Outcome, tries int, again func([]Action) *Outcome) *Outcome {
	rule := o.Failures[0].Rule
	for size := len(o.Actions) / 2; size > 0; {
		shorter := false
		for from := 0; from < len(o.Actions) && tries > 0; {
			to := min(from+size, len(o.Actions))
			tries--
			less := again(slices.Concat(o.Actions[:from], o.Actions[to:]))
			if len(less.Failures) > 0 && less.Failures[0].Rule == rule && len(less.Actions) < len(o.Actions) {
				o, shorter = less, true
			} else {
				from = to
			}
		}
		switch {
		case tries == 0:
			return o
		case !shorter || size > 1:
			size /= 2
		}
	}
	return o
}

// Story tells a failed run: the seed, what was broken, and every step.
func (o *Outcome) Story() string {
	var b strings.Builder
	for _, f := range o.Failures {
		fmt.Fprintf(&b, "%s\n", f)
	}
	fmt.Fprintf(&b, "seed %d, %d replicas, infra agent: %v, background: %v, fee %v %%\n",
		o.Setting.Seed, o.Setting.Replicas, o.Setting.Infra, o.Setting.Running, o.Setting.Policy.FeePercent)
	for _, line := range o.Trace {
		b.WriteString(line + "\n")
	}
	return b.String()
}
