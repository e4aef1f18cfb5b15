package pages

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
)

// functions are what the templates may call.
var functions = template.FuncMap{
	"ago": ago, "until": until, "stamp": stamp, "moment": exactly, "number": number, "signed": signed, "credits": credits, "ratings": ratings, "percent": percent,
	"short": short, "brief": brief, "public": market.PublicNeed, "capital": capital, "sentence": sentence, "stars": stars, "join": strings.Join,
	"int64": func(n int) int64 { return int64(n) }, "reveal": func(k market.OperatorKey) string { return string(k) },
	"revealKey": func(k market.APIKey) string { return string(k) },
	"life":      func(t market.Task) []step { return lifeOf(&t, nil, time.Now()) },
	"markdown":  markdown, "rewritten": rewritten, "sooner": earlier, "count": count, "agents": agentCount, "minutes": inMinutes,
	"list":  func(of ...any) []any { return of },
	"form":  func(page *taskPage, root string) formView { return formView{root, page} },
	"deref": func(b *bool) bool { return *b }, "deref64": func(n *int64) int64 { return *n }, "derefFloat": func(f *float64) float64 { return *f },
	"since": since, "atLeast": atLeast, "millis": millis, "side": sideOf, "agentID": func(side string) market.AgentID { return market.AgentID(side) }, "deed": lineOf, "subject": subjectOf, "moved": movedBy, "byDecision": byDecision, "add": func(a, b int64) int64 { return a + b }, "less": func(a, b int64) int64 { return a - b }, "left": left,
	"headline": headline, "title": title, "talk": talk, "mul": func(a, b float64) float64 { return a * b },
	"admin": func(page string) bool { return strings.HasPrefix(page, "admin-") },
}

// formView is what a part of a task's page with forms is made of.
type formView struct {
	Root string
	Page *taskPage
}

// ago says how long ago something was, or in how long it will be.
func ago(at market.Time) string {
	switch d := time.Since(at.Time); {
	case d < -time.Minute:
		return until(at)
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

// until says in how long something will be, left for how long it is still to come.
func until(at market.Time) string {
	if time.Until(at.Time) <= 0 {
		return "now"
	}
	return "in " + left(at)
}

func left(at market.Time) string { return span(max(time.Until(at.Time), 0).Round(time.Second)) }

// short is the beginning of a long text, brief that of a line in a list.
func short(text string) string { return cut(text, 200) }
func brief(text string) string { return cut(text, 80) }

// headline is what a text is called in a list, title above its page: its first line,
// without the marks of markdown.
func headline(text string) string { return brief(firstLine(text)) }
func title(text string) string    { return short(firstLine(text)) }

func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// stamp is an instant as pages and the time element write it.
func stamp(at market.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// number separates thousands by thin spaces.
func number(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u2009" + digits[i:]
	}
	return digits
}

// signed is a number with its sign, and a minus as wide as a plus.
func signed(n int64) string {
	if n < 0 {
		return "−" + number(-n)
	}
	return "+" + number(n)
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// sentence makes words of a name such as admin_grant.
func sentence(name string) string { return capital(strings.ReplaceAll(name, "_", " ")) }

func stars(n int) string { return strings.Repeat("★", n) + strings.Repeat("☆", max(5-n, 0)) }

// count is 1 to n.
func count(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// millis is how long something took that takes about a millisecond.
func millis(seconds float64) string {
	if seconds < 0.0001 {
		return "less than 0.1 ms"
	}
	return fmt.Sprintf("%.1f ms", 1000*seconds)
}

// capital makes a word's first letter a capital one. The words are ASCII.
func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// credits is a sum in words.
func credits(n int64) string {
	if n == 1 || n == -1 {
		return number(n) + " credit"
	}
	return number(n) + " credits"
}

// span is a duration as people say it, of at most two units, and of one from ten of it on.
func span(d time.Duration) string {
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d >= 10*unit {
			d = d.Round(unit)
			break
		}
	}
	for _, u := range []struct {
		one, next time.Duration
		name, sub string
	}{{24 * time.Hour, time.Hour, "d", "h"}, {time.Hour, time.Minute, "h", "min"}, {time.Minute, time.Second, "min", "s"}} {
		if d >= u.one {
			whole, rest := d/u.one, d%u.one/u.next
			if rest == 0 {
				return fmt.Sprintf("%d %s", whole, u.name)
			}
			return fmt.Sprintf("%d %s %d %s", whole, u.name, rest, u.sub)
		}
	}
	return fmt.Sprintf("%d s", max(d/time.Second, 0))
}

// agentCount is how many agents there are, in words.
func agentCount(n int) string {
	if n == 1 {
		return "1 agent"
	}
	return number(int64(n)) + " agents"
}

// inMinutes is so many minutes as people say it.
func inMinutes(n float64) string {
	d := time.Duration(n * float64(time.Minute))
	if d < time.Second {
		return "< 1 s"
	}
	return span(d)
}

// ratings is how many ratings there are, in words.
func ratings(n int64) string {
	if n == 1 {
		return "1 rating"
	}
	return number(n) + " ratings"
}

// deeds are what operators do, in the words of a log.
var deeds = map[string]string{
	market.ActionGrant: "Credits granted", market.ActionClawBack: "Credits taken back", market.ActionSuspend: "Agent suspended",
	market.ActionUnsuspend: "Suspension ended", market.ActionAppointInfra: "Appointed as infra agent", market.ActionDismissInfra: "Appointment as infra agent ended",
	market.ActionResolveTask: "Task ended by decision", market.ActionResolveReport: "Report closed", market.ActionRedeliver: "Webhook delivered again",
	market.ActionSeeDead: "Dead webhooks marked as seen", market.ActionInvite: "Invitations made", market.ActionAddOperator: "Operator made",
	market.ActionRevokeOperator: "Operator revoked", market.ActionLogIn: "Signed in", market.ActionLogOut: "Signed out", market.ActionLogInRefused: "Sign-in refused",
}

// deedOf is what was done, in words.
func deedOf(a market.OperatorAction) string {
	switch {
	case a.Action == market.ActionLogInRefused && a.Amount > 1:
		return fmt.Sprintf("Sign-ins refused: %s in the hour", number(a.Amount))
	case a.Action == market.ActionInvite:
		return deeds[a.Action] + ": " + number(a.Amount)
	case a.Outcome != "":
		return cmp.Or(deeds[a.Action], sentence(a.Action)) + ": " + a.Outcome
	}
	return cmp.Or(deeds[a.Action], sentence(a.Action))
}

// byDecision says how an operator's decision ended a task, "" for one that ended otherwise.
func byDecision(t market.Task) string {
	switch {
	case t.Resolution == nil:
		return ""
	case t.Resolution.Outcome == market.OutcomeRefund:
		return "by decision: refund"
	}
	return fmt.Sprintf("by decision: %s, %s of %s", t.Resolution.Outcome, number(t.CreditsCharged), number(t.MaxCredits))
}

// lineOf is deedOf for a line of the log, which may be of several.
func lineOf(l logLine) string {
	if l.Count > 1 {
		return number(int64(l.Count)) + " webhooks delivered again"
	}
	return deedOf(l.OperatorAction)
}

// subjectOf is what an entry of the log is about beside agents, tasks and reports, in words.
func subjectOf(l logLine) string {
	switch {
	case l.Count > 1 || l.Subject == "":
		return ""
	case l.Action == market.ActionSeeDead:
		var until market.Time
		if until.UnmarshalText([]byte(l.Subject)) == nil {
			return "those that had failed until " + exactly(until)
		}
	case l.Action == market.ActionRedeliver:
		return "the delivery " + l.Subject
	}
	return l.Subject
}

// exactly is an instant to the second.
func exactly(at market.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// movedBy says which credits an act moved, and to whom; "" for none.
func movedBy(a market.OperatorAction) string {
	switch a.Action {
	case market.ActionGrant:
		return number(a.Amount) + " granted"
	case market.ActionClawBack:
		if a.PosterGetsBack > 0 {
			return number(a.Amount) + " taken back, and given to the poster"
		}
		return number(a.Amount) + " taken back"
	case market.ActionResolveTask:
		return decided(a)
	}
	return ""
}

// decided says where the credits of a task went by an operator's decision.
func decided(a market.OperatorAction) string {
	var parts []string
	if fee := a.Amount - a.WorkerReceives; a.WorkerReceives > 0 {
		parts = append(parts, number(a.WorkerReceives)+" to the worker")
		if fee > 0 {
			parts = append(parts, number(fee)+" fee")
		}
	} else if a.Amount > 0 {
		parts = append(parts, number(a.Amount)+" charged")
	}
	if a.PosterGetsBack > 0 {
		parts = append(parts, number(a.PosterGetsBack)+" back to the poster")
	}
	return strings.Join(parts, ", ")
}

// sideOf is what a side of a movement of credits is in words, "agent" for an agent's id.
func sideOf(side string) string {
	switch {
	case strings.HasPrefix(side, "escrow:"):
		return "escrow"
	case side == string(market.Platform):
		return "the platform"
	}
	return "agent"
}
