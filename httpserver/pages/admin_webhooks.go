package pages

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

func (p *pages) adminWebhooks(w http.ResponseWriter, r *http.Request, d *desk) {
	p.webhookDesk(w, r, d, nil)
}

// webhookDesk lists the dead webhooks, of one agent if the address says so, with what was
// wrong in the form just sent.
func (p *pages) webhookDesk(w http.ResponseWriter, r *http.Request, d *desk, problem error) {
	of := market.AgentID(r.URL.Query().Get("agent"))
	var err error
	d.Dead, err = p.market.DeadWebhooks(r.Context(), market.DeadQuery{AgentID: of, Page: market.Page{Limit: pageSize, Offset: offsetOf(r)}})
	if of != "" && err == nil {
		d.Search = string(of)
		d.Names, err = p.market.Names(r.Context(), of)
	}
	if problem == nil {
		problem = err
	}
	d.Pager = p.pagerOf(r, len(d.Dead.Dead), d.Dead.Total, 0)
	d.Pager.More = d.Dead.TotalMore
	p.show(w, r, "admin-webhooks", "Dead webhooks", d, problem)
}

// Whose is the name of the agent whose dead webhooks are listed.
func (d *desk) Whose() string { return d.Names[market.AgentID(d.Search)] }

// Newest is when the newest of the dead webhooks of all agents failed, "" where the page
// does not have it, or it does not wait.
func (d *desk) Newest() string {
	if d.Search != "" || d.Pager.First > 1 || len(d.Dead.Dead) == 0 || d.Dead.Dead[0].Seen {
		return ""
	}
	return d.Dead.Dead[0].FailedAt.String()
}

// Chosen reports whether a dead webhook was among those of the form just sent.
func (d *desk) Chosen(letter *market.DeadWebhook) bool {
	return d.Refused("again") && slices.Contains(d.Sent["letter"], letterOf(letter))
}

// letterOf is what the form calls a dead webhook.
func letterOf(d *market.DeadWebhook) string { return string(d.AgentID) + " " + d.EventID }

// redeliverSeveral delivers those that were chosen, or all that the page shows.
func (p *pages) redeliverSeveral(o *order) (string, error) {
	chosen := o.PostForm["letter"]
	if o.PostFormValue("all") != "" {
		chosen = o.PostForm["shown"]
	}
	if len(chosen) == 0 {
		return "", notWhole("dead_letters", "choose one at least")
	}
	in := market.RedeliverBatchInput{Reason: o.reason}
	for _, letter := range chosen {
		agent, event, _ := strings.Cut(letter, " ")
		in.Dead = append(in.Dead, market.DeadID{AgentID: market.AgentID(agent), EventID: event})
	}
	done, err := p.market.RedeliverBatch(market.WithIdempotencyKey(o.Context(), onceKey(o.Request)), in)
	switch {
	case err != nil:
		return "", err
	case done.Redelivered == done.Total:
		return "queued-several", nil
	}
	o.desk.Problem = notAll(&done)
	return "", nil
}

// notAll says which of several deliveries are not due again.
func notAll(done *market.RedeliveredBatch) string {
	var why []string
	for _, item := range done.Dead {
		if item.Error != "" {
			why = append(why, item.EventID+" ("+item.Error+")")
		}
	}
	return fmt.Sprintf("Due again are %d of %d. Not %s.", done.Redelivered, done.Total, strings.Join(why, ", "))
}

func (p *pages) seeDead(o *order) (string, error) {
	in := market.SeeDeadInput{Reason: o.reason}
	if err := in.Until.UnmarshalText([]byte(o.PostFormValue("until"))); err != nil {
		return "", notWhole("until", "is no instant")
	}
	_, err := p.market.SeeDead(o.Context(), in)
	return "seen", err
}
