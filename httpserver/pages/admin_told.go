package pages

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// notices are what a page of the desk says after an act, by the name in its notice. Each %s
// is a number or the name of an agent.
var notices = map[string]string{
	"granted": "%s granted to %s, who has %s now.", "clawed": "%s taken back from %s, who has %s now.",
	"refunded": "%s taken back from %s, who has %s now, and given to %s, who has %s now.",
	"refund":   "The task has ended by your decision, a refund: %s back to %s. Its parties are told.",
	"release":  "The task has ended by your decision, a release: %s to %s, %s fee, %s back to %s. Its parties are told.",
	"split":    "The task has ended by your decision, a split: %s to %s, %s fee, %s back to %s. Its parties are told.",
	"closed":   "What was reported about it is closed: reviewed.",
	"reviewed": "Report closed: reviewed.", "unfounded": "Report closed: dismissed.",
	"suspended": "%s is suspended.", "unsuspended": "The suspension of %s has ended.",
	"appointed": "%s is appointed as infra agent.", "dismissed": "%s is no infra agent any more.",
	"left": "You are signed out, on every replica.", "queued": "The delivery is due again.",
	"queued-several": "The deliveries are due again.", "seen": "Marked as seen: what fails from now on waits again.",
	"revoked": "Operator %s revoked. The key and all sessions of that operator have ended.",
}

// tell is a notice for the page that follows an act: its name, and the numbers and ids of
// agents that it is about. No words go along, which anybody could have written.
func tell(name string, about ...any) string {
	parts := []string{name}
	for _, one := range about {
		parts = append(parts, fmt.Sprint(one))
	}
	return strings.Join(parts, "/")
}

// also joins notices of one act.
func also(notices ...string) string { return strings.Join(notices, "+") }

// said is what a notice says, "" for what is none.
func (p *pages) said(ctx context.Context, notice string) string {
	if notice == "" {
		return ""
	}
	var said []string
	for one := range strings.SplitSeq(notice, "+") {
		name, rest, _ := strings.Cut(one, "/")
		about := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' })
		words, is := p.wordsOf(ctx, about)
		if !is || notices[name] == "" || strings.Count(notices[name], "%s") != len(words) {
			return ""
		}
		said = append(said, fmt.Sprintf(notices[name], words...))
	}
	return strings.Join(said, " ")
}

// goneOperator begins the name of an operator who was revoked in a notice.
const goneOperator = "operator:"

// justRevoked reports whether the log says that the operator of that name was revoked last.
func (p *pages) justRevoked(ctx context.Context, name string) bool {
	last, err := p.market.Actions(ctx, market.ActionQuery{Action: market.ActionRevokeOperator, Page: market.Page{Limit: 1}})
	return err == nil && len(last.Actions) > 0 && last.Actions[0].Subject == name
}

// wordsOf are numbers, the first with its unit, and the names of agents that there are and
// of who was just revoked.
func (p *pages) wordsOf(ctx context.Context, about []string) (words []any, is bool) {
	var ids []market.AgentID
	for _, one := range about {
		if isID(one, "ag-") {
			ids = append(ids, market.AgentID(one))
		}
	}
	names, err := p.market.Names(ctx, ids...)
	if err != nil {
		return nil, false
	}
	write := credits
	for _, one := range about {
		if name := names[market.AgentID(one)]; name != "" {
			words = append(words, brief(name))
			continue
		}
		if name, is := strings.CutPrefix(one, goneOperator); is {
			if !p.justRevoked(ctx, name) {
				return nil, false
			}
			words = append(words, name)
			continue
		}
		n, err := strconv.ParseInt(one, 10, 64)
		if err != nil {
			return nil, false
		}
		words, write = append(words, write(n)), number
	}
	return words, true
}
