package storetest_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
	"github.com/pinchwork/pinchwork/store/storetest"
)

// broken is a store that does almost everything right: what it is given passes
// the hooks that are set on its way in or out.
type broken struct {
	store.Store
	change    func(c *store.Change)
	rewrite   func(s store.Store, c *store.Change)
	committed func(c *store.Committed)
	query     func(q *store.LoadQuery)
	loaded    func(q store.LoadQuery, l *store.Loaded)
	tasks     func(ids []store.TaskID, page []store.StoredTask) []store.StoredTask
	tasksOf   func(p *store.TasksPage)
	ownTasks  func(q *store.TasksQuery)
	agents    func(page []*store.Agent) []*store.Agent
	ledger    func(p *store.LedgerPage)
	stats     func(r *store.StatsRow)
	trust     func(p *store.TrustPage)
	events    func(p *store.EventPage)
	logged    func(after int64, p *store.LogPage)
	reports   func(p *store.ReportPage)
	admit     func(a *store.Admission)
	admitted  func(a *store.Admitted)
	feed      func(p *store.FeedPage)
	due       func(a *store.Agenda)
	webhooks  func(jobs []store.WebhookJob) []store.WebhookJob
	finish    func(job *store.WebhookJob, out *store.WebhookOutcome)
	dead      func(p *store.DeadPage)
	prune     func(q *store.PruneQuery)
	totals    func(t *store.Totals)
	scan      func(s store.Store, page []store.StoredTask)
	ended     func(page []store.StoredTask)
	failing   func(q store.LoadQuery) bool
	offset    func(offset int) int
	// torn reads an agent at another instant than the rest.
	torn bool
	// bounds takes more than one call may be given.
	bounds bool
	// forgets has nothing after it was opened again, alone is another marketplace for
	// each handle.
	forgets, alone bool
}

// with applies a hook, if it is set, to a copy.
func with[T any](v T, hook func(*T)) T {
	if hook != nil {
		hook(&v)
	}
	return v
}

func (b *broken) changed(c *store.Change) *store.Change {
	copied := with(*c, b.change)
	if b.rewrite != nil {
		b.rewrite(b.Store, &copied)
	}
	return &copied
}

func (b *broken) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	done, err := b.Store.Commit(ctx, b.changed(c))
	return with(done, b.committed), err
}

func (b *broken) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	changed := make([]*store.Change, len(cs))
	for i, c := range cs {
		changed[i] = b.changed(c)
	}
	if b.bounds {
		changed = changed[:min(len(changed), store.MaxFirst)]
	}
	return b.Store.CommitFirst(ctx, changed)
}

func (b *broken) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	changed := make([]*store.Change, len(cs))
	for i, c := range cs {
		changed[i] = b.changed(c)
	}
	if b.bounds && len(changed) > store.MaxEach {
		done, errs := b.Store.CommitEach(ctx, changed[:store.MaxEach])
		more, failed := b.Store.CommitEach(ctx, changed[store.MaxEach:])
		return append(done, more...), append(errs, failed...)
	}
	return b.Store.CommitEach(ctx, changed)
}

func (b *broken) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	page, err := b.Store.ScanTasks(ctx, after, limit)
	if b.scan != nil {
		page = slices.Clone(page)
		b.scan(b.Store, page)
	}
	return page, err
}

func (b *broken) ScanEnded(ctx context.Context, limit, offset int) ([]store.StoredTask, error) {
	page, err := b.Store.ScanEnded(ctx, limit, offset)
	if b.ended != nil {
		page = slices.Clone(page)
		b.ended(page)
	}
	return page, err
}

func (b *broken) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	if b.failing != nil && b.failing(q) {
		return nil, errors.New("no such characters")
	}
	l, err := b.Store.Load(ctx, with(q, b.query))
	if err == nil && b.torn && l.Agent != nil {
		runtime.Gosched()
		copied := *l
		if again, err := b.Store.Agents(ctx, []store.AgentID{q.Agent}); err == nil {
			copied.Agent = again[0]
		}
		return &copied, nil
	}
	if err == nil && b.loaded != nil {
		copied := *l
		b.loaded(q, &copied)
		l = &copied
	}
	return l, err
}

func (b *broken) Tasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	page, err := b.Store.Tasks(ctx, ids)
	if b.tasks != nil {
		page = b.tasks(ids, slices.Clone(page))
	}
	return page, err
}

func (b *broken) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	if b.ownTasks != nil {
		b.ownTasks(&q)
	}
	p, err := b.Store.TasksOf(ctx, q)
	p.Tasks = slices.Clone(p.Tasks)
	return with(p, b.tasksOf), err
}

func (b *broken) Agents(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
	page, err := b.Store.Agents(ctx, ids)
	if b.agents != nil {
		page = b.agents(slices.Clone(page))
	}
	return page, err
}

func (b *broken) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	if b.offset != nil {
		q.Offset = b.offset(q.Offset)
	}
	p, err := b.Store.Ledger(ctx, q)
	p.Entries = slices.Clone(p.Entries)
	return with(p, b.ledger), err
}

func (b *broken) Stats(ctx context.Context, q store.StatsQuery) (store.StatsRow, error) {
	r, err := b.Store.Stats(ctx, q)
	r.EarnedAt = slices.Clone(r.EarnedAt)
	return with(r, b.stats), err
}

func (b *broken) TrustOf(ctx context.Context, q store.PageQuery) (store.TrustPage, error) {
	p, err := b.Store.TrustOf(ctx, q)
	p.Pairs = slices.Clone(p.Pairs)
	return with(p, b.trust), err
}

func (b *broken) Events(ctx context.Context, id store.AgentID, after int64, limit int) (store.EventPage, error) {
	p, err := b.Store.Events(ctx, id, after, limit)
	p.Events = slices.Clone(p.Events)
	return with(p, b.events), err
}

func (b *broken) Reports(ctx context.Context, status store.ReportStatus, limit, offset int) (store.ReportPage, error) {
	p, err := b.Store.Reports(ctx, status, limit, offset)
	p.Reports = slices.Clone(p.Reports)
	return with(p, b.reports), err
}

func (b *broken) Admit(ctx context.Context, a store.Admission) (store.Admitted, error) {
	got, err := b.Store.Admit(ctx, with(a, b.admit))
	return with(got, b.admitted), err
}

func (b *broken) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	p, err := b.Store.Feed(ctx, after, limit)
	p.Items = slices.Clone(p.Items)
	return with(p, b.feed), err
}

func (b *broken) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	a, err := b.Store.Due(ctx, now, limit)
	a.Tasks = slices.Clone(a.Tasks)
	return with(a, b.due), err
}

func (b *broken) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	jobs, err := b.Store.LeaseWebhooks(ctx, now, until, limit)
	if b.webhooks != nil {
		jobs = b.webhooks(slices.Clone(jobs))
	}
	return jobs, err
}

func (b *broken) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	if b.finish != nil {
		b.finish(&job, &out)
	}
	return b.Store.FinishWebhook(ctx, job, out)
}

func (b *broken) DeadWebhooks(ctx context.Context, q store.PageQuery) (store.DeadPage, error) {
	p, err := b.Store.DeadWebhooks(ctx, q)
	p.Dead = slices.Clone(p.Dead)
	return with(p, b.dead), err
}

func (b *broken) EventLog(ctx context.Context, after int64, limit int) (store.LogPage, error) {
	p, err := b.Store.EventLog(ctx, after, limit)
	if b.logged != nil {
		p.Events = slices.Clone(p.Events)
		b.logged(after, &p)
	}
	return p, err
}

func (b *broken) Prune(ctx context.Context, q store.PruneQuery) (store.Pruned, error) {
	return b.Store.Prune(ctx, with(q, b.prune))
}

func (b *broken) Totals(ctx context.Context) (store.Totals, error) {
	t, err := b.Store.Totals(ctx)
	return with(t, b.totals), err
}

// breaks are stores that each break one promise of store.Store.
var breaks = map[string]broken{
	"suspended agents take part":        {change: func(c *store.Change) { c.Active = nil }},
	"unchanged tasks are not checked":   {change: func(c *store.Change) { c.Unchanged = nil }},
	"trust is lost":                     {change: func(c *store.Change) { c.Trust = nil }},
	"strikes are lost":                  {change: func(c *store.Change) { c.Strikes = nil }},
	"progress is lost":                  {change: loseProgress},
	"system pay is lost":                {change: func(c *store.Change) { c.SystemPays = nil }},
	"system pay is not compared":        {rewrite: overwrite},
	"roles are lost":                    {change: func(c *store.Change) { c.Roles = nil }},
	"lapses are lost":                   {change: func(c *store.Change) { c.Roles = rewriteEach(c.Roles, func(r *store.RoleWrite) { r.Lapse = nil }) }},
	"lapses are never cleared":          {loaded: rememberLapses()},
	"dropped texts stay":                {change: func(c *store.Change) { c.Drop = nil }},
	"dropping a result drops all texts": {change: func(c *store.Change) { c.Drop = rewriteEach(c.Drop, func(r *store.TextRef) { r.No = 0 }) }},
	"bytes of talk know no bound":       {change: func(c *store.Change) { c.Talk = rewriteEach(c.Talk, func(t *store.TalkCount) { t.MaxBytes = 0 }) }},
	"bytes of texts know no bound": {change: func(c *store.Change) {
		c.Accounts = rewriteEach(c.Accounts, func(d *store.AccountDelta) { d.MaxTextBytes = 0 })
	}},
	"the poster's record stays": {change: func(c *store.Change) {
		c.Accounts = rewriteEach(c.Accounts, func(d *store.AccountDelta) { d.Approvals, d.Rejections = 0, 0 })
	}},
	"whom a payment was about is lost": {change: func(c *store.Change) {
		c.Transfers = rewriteEach(c.Transfers, func(t *store.Transfer) { t.About = "" })
	}},
	"credits go to nobody":                {change: func(c *store.Change) { c.Transfers = toSomebody(c.Transfers) }},
	"counters of nobody are passed over":  {change: func(c *store.Change) { c.Accounts = ofSomebody(c.Accounts) }},
	"results are lost":                    {change: func(c *store.Change) { c.Results = nil }},
	"answers are lost":                    {change: func(c *store.Change) { c.Answers = nil }},
	"resolutions are lost":                {change: func(c *store.Change) { c.Resolutions = nil }},
	"talk is not counted":                 {change: func(c *store.Change) { c.Talk = nil }},
	"counters stay":                       {change: func(c *store.Change) { c.Accounts = nil }},
	"statistics of tags stay":             {change: func(c *store.Change) { c.Tags = nil }},
	"the last transfer is lost":           {change: func(c *store.Change) { c.Transfers = c.Transfers[:max(len(c.Transfers)-1, 0)] }},
	"the last event is lost":              {change: func(c *store.Change) { c.Events = c.Events[:max(len(c.Events)-1, 0)] }},
	"the feed is not written":             {change: func(c *store.Change) { c.Feed = nil }},
	"idempotency is forgotten":            {change: func(c *store.Change) { c.Idempotency = nil }},
	"further records are forgotten":       {change: func(c *store.Change) { c.Records = nil }},
	"transfers are booked in reverse":     {change: func(c *store.Change) { c.Transfers = slices.Clone(c.Transfers); slices.Reverse(c.Transfers) }},
	"credits that come later pay":         {change: func(c *store.Change) { c.Transfers = creditsFirst(c.Transfers) }},
	"texts with an outcome are not given": {change: func(c *store.Change) { c.WantText = "" }},
	"events are written in reverse":       {change: func(c *store.Change) { c.Events = slices.Clone(c.Events); slices.Reverse(c.Events) }},
	"the commit is a minute late":         {change: func(c *store.Change) { c.At = c.At.Add(time.Minute) }},
	"the numbers of tasks are one too high": {committed: func(c *store.Committed) {
		c.Seqs = slices.Clone(c.Seqs)
		for i := range c.Seqs {
			c.Seqs[i]++
		}
	}},

	"loading is a day late":     {query: func(q *store.LoadQuery) { q.Now = q.Now.Add(24 * time.Hour) }},
	"loading forgets the text":  {query: func(q *store.LoadQuery) { q.Text = false }},
	"loading forgets the trust": {query: func(q *store.LoadQuery) { q.Trust = false }},
	"loading forgets the role":  {query: func(q *store.LoadQuery) { q.Role = false }},
	"loading shows others' messages": {query: func(q *store.LoadQuery) {
		if q.Messages != nil {
			m := *q.Messages
			m.Worker = ""
			q.Messages = &m
		}
	}},
	"further records come in reverse": {loaded: func(_ store.LoadQuery, l *store.Loaded) {
		l.Records = slices.Clone(l.Records)
		slices.Reverse(l.Records)
	}},
	"loading knows no due tasks":    {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.Due = nil }},
	"loading knows no poster":       {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.Poster = nil }},
	"loading knows no parent":       {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.Parent = nil }},
	"loading knows no children":     {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.Children = nil }},
	"loading knows no subject":      {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.Subject = nil }},
	"strangers distrust each other": {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.PosterTrust.Score = 0 }},
	"messages come newest first": {loaded: func(_ store.LoadQuery, l *store.Loaded) {
		l.Messages = slices.Clone(l.Messages)
		slices.Reverse(l.Messages)
	}},
	"talk is counted after paging":      {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.TalkTotal = max(len(l.Questions), len(l.Messages)) }},
	"loading knows no trust toward one": {loaded: func(_ store.LoadQuery, l *store.Loaded) { l.TrustIn = nil }},
	"unknown tasks are made up": {tasks: func(ids []store.TaskID, page []store.StoredTask) []store.StoredTask {
		for len(page) < len(ids) {
			page = append(page, store.StoredTask{})
		}
		return page
	}},
	"tasks come in another order": {tasks: func(_ []store.TaskID, page []store.StoredTask) []store.StoredTask {
		slices.Reverse(page)
		return page
	}},
	"tasks have no infra agents": {tasks: func(_ []store.TaskID, page []store.StoredTask) []store.StoredTask {
		for i := range page {
			page[i].Infra = nil
		}
		return page
	}},
	"own tasks come oldest first":   {tasksOf: func(p *store.TasksPage) { slices.Reverse(p.Tasks) }},
	"own tasks know no bytes":       {ownTasks: func(q *store.TasksQuery) { q.MaxBytes = 0 }},
	"own tasks are counted by page": {tasksOf: func(p *store.TasksPage) { p.Total = len(p.Tasks) }},
	"own tasks tell nothing of due": {tasksOf: func(p *store.TasksPage) { p.Due = nil }},
	"own tasks lack their results": {tasksOf: func(p *store.TasksPage) {
		for i := range p.Tasks {
			p.Tasks[i].Text.Result = ""
		}
	}},
	"agents come in another order":  {agents: func(page []*store.Agent) []*store.Agent { slices.Reverse(page); return page }},
	"the ledger comes oldest first": {ledger: func(p *store.LedgerPage) { slices.Reverse(p.Entries) }},
	"the ledger is counted by page": {ledger: func(p *store.LedgerPage) { p.Total = len(p.Entries) }},
	"the ledger has no account":     {ledger: func(p *store.LedgerPage) { p.Account = nil }},
	"nothing was earned before":     {stats: func(r *store.StatsRow) { clear(r.EarnedAt) }},
	"statistics know no tags":       {stats: func(r *store.StatsRow) { r.Tags = nil }},
	"trust comes lowest first":      {trust: func(p *store.TrustPage) { slices.Reverse(p.Pairs) }},
	"trust is counted by page":      {trust: func(p *store.TrustPage) { p.Total = len(p.Pairs) }},
	"events come newest first":      {events: func(p *store.EventPage) { slices.Reverse(p.Events) }},
	"the log has no head":           {events: func(p *store.EventPage) { p.Head = 0 }},
	"the oldest event is the first": {events: func(p *store.EventPage) { p.Oldest = 1 }},
	"the log of all lacks one's events": {logged: func(_ int64, p *store.LogPage) {
		p.Events = slices.DeleteFunc(p.Events, func(e store.LoggedEvent) bool { return strings.HasPrefix(string(e.Agent), "ag-Bob") })
	}},
	"the log of all comes newest first":   {logged: func(_ int64, p *store.LogPage) { slices.Reverse(p.Events) }},
	"the log of all has no head":          {logged: func(_ int64, p *store.LogPage) { p.Head = 0 }},
	"the log of all forgets what it lost": {logged: func(_ int64, p *store.LogPage) { p.Pruned = 0 }},
	"the log of all counts by page": {logged: func(after int64, p *store.LogPage) {
		for i := range p.Events {
			p.Events[i].Number = after + int64(i) + 2
		}
	}},
	"the log of all says less": {logged: func(_ int64, p *store.LogPage) {
		for i := range p.Events {
			p.Events[i].Data = store.EventData{}
		}
	}},
	"suspended agents may listen": {events: func(p *store.EventPage) { p.Suspended = false }},
	"reports come oldest first":   {reports: func(p *store.ReportPage) { slices.Reverse(p.Reports) }},
	"reports are counted by page": {reports: func(p *store.ReportPage) { p.Total = len(p.Reports) }},

	"nothing is charged": {admit: func(a *store.Admission) { a.Charge = nil }},
	"everybody shares a bucket": {admit: func(a *store.Admission) {
		if a.Charge != nil {
			c := *a.Charge
			c.Bucket = "all"
			a.Charge = &c
		}
	}},
	"buckets are one larger": {admit: func(a *store.Admission) {
		if a.Charge != nil {
			c := *a.Charge
			c.Burst++
			a.Charge = &c
		}
	}},
	"agents are not known by their external ids": {query: func(q *store.LoadQuery) { q.External = "" }},
	"external ids are not compared":              {rewrite: rename},
	"new keys are lost": {change: func(c *store.Change) {
		c.Agents = rewriteEach(c.Agents, func(w *store.AgentWrite) {
			if w.Old != nil {
				w.Key = store.KeyDigest{}
			}
		})
	}},
	"a new key always makes the present one old": {change: func(c *store.Change) {
		c.Agents = rewriteEach(c.Agents, func(w *store.AgentWrite) { w.KeepOld = false })
	}},
	"old keys count a day longer": {admit: func(a *store.Admission) {
		if a.Key != nil {
			a.Now = a.Now.Add(-24 * time.Hour)
		}
	}},
	"agents known by their ids are charged nothing": {admit: func(a *store.Admission) {
		if a.Agent != "" {
			a.Charge = nil
		}
	}},
	"agents known by their ids have other buckets": {admit: func(a *store.Admission) {
		if a.Agent != "" && a.Charge != nil {
			c := *a.Charge
			c.Bucket += " by id"
			a.Charge = &c
		}
	}},
	"nobody is told when to try again":   {admitted: func(a *store.Admitted) { a.RetryAfter = 0 }},
	"buckets are never full again":       {admitted: func(a *store.Admitted) { a.ResetAfter += time.Hour }},
	"the feed leaves out the first item": {feed: func(p *store.FeedPage) { p.Items = p.Items[min(1, len(p.Items)):] }},
	"the feed never has more":            {feed: func(p *store.FeedPage) { p.More = false }},
	"the newest due comes first":         {due: func(a *store.Agenda) { slices.Reverse(a.Tasks) }},
	"no task is ever due next":           {due: func(a *store.Agenda) { a.NextTask = time.Time{} }},
	"no webhook is ever due next":        {due: func(a *store.Agenda) { a.NextWebhook = time.Time{} }},
	"webhooks come newest first":         {webhooks: func(jobs []store.WebhookJob) []store.WebhookJob { slices.Reverse(jobs); return jobs }},
	"webhooks never had an attempt": {webhooks: func(jobs []store.WebhookJob) []store.WebhookJob {
		for i := range jobs {
			jobs[i].Attempts = 0
		}
		return jobs
	}},
	"webhooks have no secret": {webhooks: func(jobs []store.WebhookJob) []store.WebhookJob {
		for i := range jobs {
			jobs[i].Secret = ""
		}
		return jobs
	}},
	"webhooks forget the secret before": {webhooks: func(jobs []store.WebhookJob) []store.WebhookJob {
		return rewriteEach(jobs, func(job *store.WebhookJob) { job.OldSecret = "" })
	}},
	"failed webhooks are forgotten":    {finish: func(_ *store.WebhookJob, out *store.WebhookOutcome) { out.Delivered = true }},
	"webhooks are not tried again":     {finish: func(_ *store.WebhookJob, out *store.WebhookOutcome) { out.RetryAt = time.Time{} }},
	"dead letters come oldest first":   {dead: func(p *store.DeadPage) { slices.Reverse(p.Dead) }},
	"dead letters are counted by page": {dead: func(p *store.DeadPage) { p.Total = len(p.Dead) }},
	"dead letters have no reason": {dead: func(p *store.DeadPage) {
		for i := range p.Dead {
			p.Dead[i].Error = ""
		}
	}},
	"events are never pruned":       {prune: func(q *store.PruneQuery) { q.EventsBefore = time.Time{} }},
	"tasks are never pruned":        {prune: func(q *store.PruneQuery) { q.EndedBefore = time.Time{} }},
	"the feed is never pruned":      {prune: func(q *store.PruneQuery) { q.FeedBefore = time.Time{} }},
	"dead letters are never pruned": {prune: func(q *store.PruneQuery) { q.DeadBefore = time.Time{} }},
	"pruning knows no limit":        {prune: func(q *store.PruneQuery) { q.Limit = 1000 }},
	"pruning takes what is an hour newer": {prune: func(q *store.PruneQuery) {
		if !q.EndedBefore.IsZero() {
			q.EndedBefore = q.EndedBefore.Add(time.Hour)
		}
	}},
	"scans bring all texts": {scan: func(s store.Store, page []store.StoredTask) {
		for i := range page {
			if full, err := s.Tasks(context.Background(), []store.TaskID{page[i].Task.ID}); err == nil {
				page[i].Text = full[0].Text
			}
		}
	}},
	"scans do not know what is due": {scan: func(_ store.Store, page []store.StoredTask) {
		for i := range page {
			page[i].Due = time.Time{}
		}
	}},
	"what ended first comes first": {ended: slices.Reverse[[]store.StoredTask]},
	"talk about nothing is passed over": {change: func(c *store.Change) {
		c.Talk = slices.DeleteFunc(slices.Clone(c.Talk), func(t store.TalkCount) bool { return t.Task == nothing })
	}},
	"ids with NUL make it fail":                 {failing: func(q store.LoadQuery) bool { return strings.Contains(string(q.Task), "\x00") }},
	"high offsets start again":                  {offset: func(offset int) int { return offset % store.MaxOffset }},
	"loading takes two looks":                   {torn: true},
	"more Changes are taken than are promised":  {bounds: true},
	"closing forgets":                           {forgets: true},
	"each process has a marketplace of its own": {alone: true},
	"totals count nothing":                      {totals: func(t *store.Totals) { *t = store.Totals{} }},
}

// rewriteEach returns edited copies.
func rewriteEach[T any](in []T, edit func(*T)) []T {
	out := slices.Clone(in)
	for i := range out {
		edit(&out[i])
	}
	return out
}

// unknown is the agent that the suite uses for nobody.
const unknown store.AgentID = "ag-nobody0000000000"

// nothing is the task that the suite uses for none.
const nothing store.TaskID = "tk-nothing000000000"

// toSomebody leaves out what credits an agent that does not exist.
func toSomebody(in []store.Transfer) []store.Transfer {
	return slices.DeleteFunc(slices.Clone(in), func(t store.Transfer) bool { return t.Agent == unknown && t.Signed() > 0 })
}

// creditsFirst puts what is received before what is spent.
func creditsFirst(in []store.Transfer) []store.Transfer {
	return slices.SortedStableFunc(slices.Values(in), func(a, b store.Transfer) int {
		return cmp.Compare(min(b.Signed(), 0), min(a.Signed(), 0))
	})
}

func ofSomebody(in []store.AccountDelta) []store.AccountDelta {
	return slices.DeleteFunc(slices.Clone(in), func(d store.AccountDelta) bool { return d.Agent == unknown })
}

// overwrite makes each write of system pay expect what is stored.
func overwrite(s store.Store, c *store.Change) {
	c.SystemPays = rewriteEach(c.SystemPays, func(w *store.SystemPayWrite) {
		if has, err := s.Agents(context.Background(), []store.AgentID{w.Agent}); err == nil && len(has) == 1 {
			w.Old = has[0].SystemPay
		}
	})
}

// rename gives a new agent another external id than one that somebody has.
func rename(s store.Store, c *store.Change) {
	c.Agents = rewriteEach(c.Agents, func(w *store.AgentWrite) {
		has, err := s.Load(context.Background(), store.LoadQuery{Now: c.At, External: w.New.ExternalID})
		if err == nil && has.Agent != nil && w.Old == nil {
			next := *w.New
			next.ExternalID += " " + string(next.ID)
			w.New = &next
		}
	})
}

// rememberLapses shows a lapse also after it was cleared.
func rememberLapses() func(store.LoadQuery, *store.Loaded) {
	seen := map[store.TaskID]*store.Lapse{}
	return func(q store.LoadQuery, l *store.Loaded) {
		if l.Lapse != nil {
			seen[q.Task] = l.Lapse
		} else {
			l.Lapse = seen[q.Task]
		}
	}
}

const breakVariable = "PINCHWORK_BROKEN_STORE"

// TestSuiteOnOneBrokenStore is what TestSuiteFindsBrokenStores runs, each time
// with another store.
func TestSuiteOnOneBrokenStore(t *testing.T) {
	name, given := os.LookupEnv(breakVariable)
	if !given {
		return
	}
	odds := allOdds()
	var last store.Store
	b := breaks[name]
	open := func(*testing.T) store.Store {
		last = memory.New()
		if relay := oddRelays[name]; relay != nil {
			odd := relay()
			odd.Store = last
			last = odd
		} else if announcer := oddAnnouncers[name]; announcer != nil {
			odd := announcer()
			odd.Store = last
			last = odd
		} else if odd := odds[name]; odd != nil {
			last = odd(last)
		} else {
			fresh := b
			fresh.Store = last
			last = &fresh
		}
		return last
	}
	handle := func(apart bool) func(t *testing.T) store.Store {
		return func(t *testing.T) store.Store {
			if apart {
				return open(t)
			}
			return last
		}
	}
	options := []storetest.Option{storetest.Reopened(handle(b.forgets)), storetest.Shared(handle(b.alone))}
	if oddRelays[name] != nil {
		options = append(options, storetest.Relayed())
	}
	if oddAnnouncers[name] != nil {
		options = append(options, storetest.Announced())
	}
	storetest.Run(t, open, options...)
}

// A suite is worth what it finds: it fails for every store that breaks a
// promise, and passes for one that hands everything through.
func TestSuiteFindsBrokenStores(t *testing.T) {
	breaks[""] = broken{}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(breaks)), slices.Collect(maps.Keys(allOdds())), slices.Sorted(maps.Keys(oddRelays))[1:],
		slices.Sorted(maps.Keys(oddAnnouncers))) {
		t.Run(strings.ReplaceAll("store where "+name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSuiteOnOneBrokenStore$", "-test.failfast", "-test.timeout=60s")
			run.Env = append(os.Environ(), breakVariable+"="+name)
			out, err := run.CombinedOutput()
			switch found := strings.Contains(string(out), "--- FAIL: "); {
			case name == "" && err != nil:
				t.Errorf("the suite fails for a store that breaks nothing:\n%s", out)
			case name != "" && !found:
				t.Errorf("the suite does not find it: %v\n%s", err, out)
			}
		})
	}
}

// loseProgress leaves out what workers tell of their work.
func loseProgress(c *store.Change) {
	c.Tasks = rewriteEach(c.Tasks, func(w *store.TaskWrite) {
		if w.New.Claim == nil {
			return
		}
		next, claim := *w.New, *w.New.Claim
		claim.Progress = store.Progress{}
		next.Claim = &claim
		w.New = &next
	})
}
