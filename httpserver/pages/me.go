package pages

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/internal/sheet"
	"github.com/pinchwork/pinchwork/market"
)

// choice is an option of a select element.
type choice struct {
	Value, Name string
	On          bool
}

func choices(chosen string, of ...choice) []choice {
	for i := range of {
		of[i].On = of[i].Value == chosen
	}
	return of
}

func statusChoices(chosen string) []choice {
	all := []choice{{Name: "all"}}
	for _, s := range statuses {
		all = append(all, choice{Value: string(s), Name: string(s)})
	}
	return choices(chosen, all...)
}

var statuses = []market.Status{
	market.StatusPosted, market.StatusClaimed, market.StatusDelivered, market.StatusApproved, market.StatusExpired, market.StatusCancelled,
}

// pager leads to the neighbours of a page of a list.
type pager struct {
	Before, After      string
	First, Last, Total int
	More               bool
	// Ranked is set when the list is not in the order of time.
	Ranked bool
	// Filtered is set when the address selects some lines.
	Filtered bool
}

// pageSize is how many lines a list has on a page.
const pageSize = 50

// offsetOf is where a page of a list begins, 0 unless the address says otherwise.
func offsetOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// pagerOf makes the links of a page that shows so many of a list's lines. next is
// where the next page begins if that is not the end of this one.
func (p *pages) pagerOf(r *http.Request, shown, total, next int) pager {
	offset := offsetOf(r)
	links := pager{First: min(offset+1, total), Last: offset + shown, Total: total}
	page := pageOf(r)
	at := func(offset int) string {
		q := r.URL.Query()
		q.Del(foundBefore)
		q.Set("offset", strconv.Itoa(offset))
		return p.root(r) + (&url.URL{Path: page, RawQuery: q.Encode()}).String()
	}
	for name, value := range r.URL.Query() {
		links.Filtered = links.Filtered || name != "offset" && name != foundBefore && value[0] != ""
	}
	if offset > 0 {
		links.Before = at(max(offset-pageSize, 0))
	}
	switch {
	case next > 0:
		links.After = at(next)
	case offset+shown < total:
		links.After = at(offset + shown)
	}
	return links
}

// foundBefore is what the address calls the number of lines on the pages before, of a list
// whose offsets count those that were looked through.
const foundBefore = "found"

// counted tells the pager of such a list how many lines there are: on this page, from it on,
// and whether there may be more of them.
func (l *pager) counted(r *http.Request, shown, from int, more bool) {
	before, err := strconv.Atoi(r.URL.Query().Get(foundBefore))
	if offset := offsetOf(r); err != nil || before < 0 || offset == 0 {
		before, more = 0, more || offset > 0
	}
	l.First, l.Last, l.Total, l.More = min(before+1, before+shown), before+shown, before+from, more
	if u, err := url.Parse(l.After); err == nil && l.After != "" {
		q := u.Query()
		q.Set(foundBefore, strconv.Itoa(l.Last))
		u.RawQuery = q.Encode()
		l.After = u.String()
	}
}

// myself is the data of an owner's first page.
type myself struct {
	Me              market.Me
	Stats           market.Stats
	Wait            waiting
	Search, Tag     string
	Roles, Statuses []choice
	Orders          []choice
	// Order is the one that was chosen.
	Order market.MineOrder
	Tasks market.TaskList
	// Names are those of the other parties.
	Names map[market.AgentID]string
	// AbandonLimit strikes keep the agent from taking tasks for Cooldown; 0 for never.
	AbandonLimit int
	Cooldown     string
	// Failed is how many events did not reach the agent's webhook.
	Failed int
	Pager  pager
}

// waiting is what waits for an owner, of each the most urgent first.
type waiting struct {
	// Reviews are deliveries, Claims the agent's own claims, of which there are more.
	Reviews, Claims         []market.Task
	MoreReviews, MoreClaims bool
	Questions               []market.Question
	// Hires are tasks for which the agent is asked by name, Offers others that were matched
	// to it.
	Hires  []market.Task
	Offers []market.BrowseItem
	// Messages wait for a reply, the posters of Unrated for a rating.
	Messages []market.Message
	Unrated  []market.TaskID
	// Needs are what the tasks of questions, messages and ratings are about.
	Needs map[market.TaskID]market.TaskBrief
}

// Any reports whether there is anything but what is optional.
func (w waiting) Any() bool {
	return len(w.Reviews)+len(w.Claims)+len(w.Questions)+len(w.Hires)+len(w.Offers)+len(w.Messages) > 0
}

// waitingTasks is how many tasks of each kind are said to wait.
const waitingTasks = 20

// offered is how many of the best offers are looked through for those that were matched to
// the agent.
const offered = 5

func (p *pages) waiting(ctx context.Context, o *owner) (w waiting, err error) {
	page := market.Page{Limit: waitingTasks}
	reviews, err := o.api.Mine(ctx, market.MineQuery{Role: market.PartyPoster, Status: market.StatusDelivered, Page: page})
	if err != nil {
		return w, err
	}
	claims, err := o.api.Mine(ctx, market.MineQuery{Role: market.PartyWorker, Status: market.StatusClaimed, Page: page})
	if err != nil {
		return w, err
	}
	w.Reviews, w.MoreReviews = reviews.Tasks, reviews.Total > len(reviews.Tasks)
	w.Claims, w.MoreClaims = claims.Tasks, claims.Total > len(claims.Tasks)
	slices.SortStableFunc(w.Reviews, func(a, b market.Task) int { return sooner(a.ReviewDeadline, b.ReviewDeadline) })
	slices.SortStableFunc(w.Claims, func(a, b market.Task) int { return sooner(a.ClaimDeadline, b.ClaimDeadline) })
	if err := p.offers(ctx, o, &w); err != nil {
		return w, err
	}
	return w, p.talk(ctx, o, &w)
}

// offers are the hires of the agent, and what was matched to it among its best offers.
// While the board is loading, nothing is known to be on offer.
func (p *pages) offers(ctx context.Context, o *owner, w *waiting) error {
	offers, err := o.api.Browse(ctx, market.BrowseQuery{Page: market.Page{Limit: offered}})
	if err != nil {
		return nil
	}
	for _, t := range offers.Tasks {
		if t.IsMatched && !t.Hired {
			w.Offers = append(w.Offers, t)
		}
	}
	hires, err := p.market.As(o.ID).Hires(ctx)
	if err != nil {
		return nil
	}
	for _, id := range hires {
		hire, err := p.market.As(o.ID).Task(ctx, id, 0)
		if errors.Is(err, market.ErrNotFound) {
			continue // another one has taken it meanwhile
		}
		if err != nil {
			return err
		}
		w.Hires = append(w.Hires, hire)
	}
	return nil
}

func (p *pages) talk(ctx context.Context, o *owner, w *waiting) (err error) {
	agent := p.market.As(o.ID)
	if w.Questions, err = agent.Unanswered(ctx); err != nil {
		return err
	}
	if w.Messages, err = agent.Unreplied(ctx); err != nil {
		return err
	}
	if w.Unrated, err = agent.Unrated(ctx); err != nil {
		return err
	}
	ids := slices.Clone(w.Unrated)
	for i := range w.Questions {
		ids = append(ids, w.Questions[i].TaskID)
	}
	for i := range w.Messages {
		ids = append(ids, w.Messages[i].TaskID)
	}
	w.Needs, err = agent.Briefs(ctx, ids...)
	return err
}

// sooner orders instants, the absent ones last.
func sooner(a, b market.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b.Time)
}

func (p *pages) me(w http.ResponseWriter, r *http.Request, o *owner) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	in := r.URL.Query()
	role, status, order := in.Get("role"), in.Get("status"), in.Get("order")
	policy := p.market.Policy()
	page := myself{
		Search: sought(in.Get("search")), Tag: strings.TrimSpace(in.Get("tag")), Order: market.MineOrder(order), Orders: choices(order, ownOrders...),
		AbandonLimit: policy.AbandonLimit, Cooldown: span(policy.AbandonCooldown),
		Roles:    choices(role, choice{Name: "either"}, choice{Value: "poster", Name: "poster"}, choice{Value: "worker", Name: "worker"}),
		Statuses: statusChoices(status),
	}
	if to := placeOf(page.Search); to != "" {
		http.Redirect(w, r, p.root(r)+to, http.StatusSeeOther)
		return
	}
	var err error
	if page.Me, err = o.api.Me(ctx); err == nil {
		page.Stats, err = o.api.Stats(ctx)
	}
	if err == nil {
		var dead market.DeadLetterList
		dead, err = o.api.DeadLetters(ctx, market.Page{Limit: 1})
		page.Failed = dead.Total
	}
	if err == nil {
		page.Wait, err = p.waiting(ctx, o)
	}
	if err == nil {
		page.Tasks, err = o.api.Mine(ctx, page.query(r))
	}
	if err == nil {
		ids := partiesOf(page.Tasks.Tasks, page.Wait.Reviews, page.Wait.Claims, page.Wait.Hires)
		for _, t := range page.Wait.Needs {
			ids = append(ids, t.PosterID, t.WorkerID)
		}
		for i := range page.Wait.Offers {
			ids = append(ids, page.Wait.Offers[i].PosterID)
		}
		page.Names, err = p.market.Names(ctx, ids...)
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = page.pagerFor(p.pagerOf(r, len(page.Tasks.Tasks), page.Tasks.Total, page.Tasks.NextOffset))
	p.render(w, r, http.StatusOK, "me", page.Me.Name, &page)
}

// ownOrders are the orders of an owner's tasks.
var ownOrders = []choice{
	{Name: "newest first"},
	{Value: string(market.MineOldest), Name: "oldest first"},
	{Value: string(market.MineDeadline), Name: "what ends next first"},
	{Value: string(market.MineCredits), Name: "most credits first"},
}

func (m *myself) query(r *http.Request) market.MineQuery {
	q := market.MineQuery{
		Role: market.PartyRole(r.URL.Query().Get("role")), Status: market.Status(r.URL.Query().Get("status")),
		Filter: market.Filter{Search: m.Search}, Order: m.Order, Page: market.Page{Limit: pageSize, Offset: offsetOf(r)},
	}
	if m.Tag != "" {
		q.Tags = []string{m.Tag}
	}
	return q
}

// Sorted reports whether the newest tasks alone were put in order.
func (m *myself) Sorted() bool {
	return m.Order == market.MineDeadline || m.Order == market.MineCredits
}

// pagerFor leaves out what nobody has counted: of tasks that are looked through, how many
// fit.
func (m *myself) pagerFor(links pager) pager {
	if looked := (m.Search != "" || m.Tag != "") && !m.Sorted(); looked {
		links.Total = 0
		if m.Tasks.NextOffset == 0 {
			links.After = ""
		}
	}
	links.Ranked = m.Order != "" && m.Order != market.MineNewest
	return links
}

// Ends is when the state of a task ends by itself, zero for never.
func (m *myself) Ends(t market.Task) market.Time {
	switch t.Status {
	case market.StatusPosted:
		return earlier(t.ExpiresAt, t.Deadline)
	case market.StatusClaimed:
		return t.ClaimDeadline
	case market.StatusDelivered:
		return t.ReviewDeadline
	}
	return market.Time{}
}

func partiesOf(lists ...[]market.Task) (ids []market.AgentID) {
	for _, list := range lists {
		for i := range list {
			ids = append(ids, list[i].PosterID, list[i].WorkerID)
		}
	}
	return ids
}

// purse is the data of the page about an owner's money.
type purse struct {
	Credits market.Credits
	// Held are the tasks for which credits are held, newest first within each status.
	Held     []market.Task
	MoreHeld bool
	// Tasks and Names are those that the ledger is about.
	Tasks map[market.TaskID]market.TaskBrief
	Names map[market.AgentID]string
	Pager pager
}

// ledgerTasks finds what a page of the ledger is about.
func (p *pages) ledgerTasks(ctx context.Context, o *owner, page *purse) (err error) {
	var ids []market.TaskID
	for i := range page.Credits.Ledger {
		ids = append(ids, page.Credits.Ledger[i].TaskID)
	}
	if page.Tasks, err = p.market.As(o.ID).Briefs(ctx, ids...); err != nil {
		return err
	}
	parties := partiesOf(page.Held)
	for _, t := range page.Tasks {
		parties = append(parties, t.PosterID, t.WorkerID)
	}
	page.Names, err = p.market.Names(ctx, parties...)
	return err
}

// heldTasks is how many tasks of each status with credits in escrow are listed.
const heldTasks = 20

func (p *pages) money(w http.ResponseWriter, r *http.Request, o *owner) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	var page purse
	var err error
	page.Credits, err = o.api.Credits(ctx, market.Page{Limit: pageSize, Offset: offsetOf(r)})
	for _, status := range []market.Status{market.StatusDelivered, market.StatusClaimed, market.StatusPosted} {
		if err != nil || offsetOf(r) > 0 { // further pages are about the ledger alone
			break
		}
		var held market.TaskList
		held, err = o.api.Mine(ctx, market.MineQuery{Role: market.PartyPoster, Status: status, Page: market.Page{Limit: heldTasks}})
		page.Held = append(page.Held, held.Tasks...)
		page.MoreHeld = page.MoreHeld || held.Total > len(held.Tasks)
	}
	if err == nil {
		err = p.ledgerTasks(ctx, o, &page)
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	page.Pager = p.pagerOf(r, len(page.Credits.Ledger), page.Credits.Total, 0)
	p.render(w, r, http.StatusOK, "money", "Money", &page)
}

// ownLedger is the whole ledger as a file.
func (p *pages) ownLedger(w http.ResponseWriter, r *http.Request, o *owner) {
	agent := p.market.As(o.ID)
	read := func(ctx context.Context, _ market.AgentID, page market.Page) (market.LedgerPage, error) {
		c, err := agent.Credits(ctx, page)
		return market.LedgerPage{Ledger: c.Ledger, Total: c.Total}, err
	}
	p.export(w, r, "ledger.csv", func(out io.Writer) error {
		return sheet.Ledger(out, market.EachEntry(r.Context(), o.ID, read))
	})
}
