package memory

import "github.com/pinchwork/pinchwork/store"

// apply writes a Change whose guards hold. It cannot fail.
func (s *Store) apply(c *store.Change) (done store.Committed) {
	s.stamp++
	for i := range c.Agents {
		s.writeAgent(&c.Agents[i])
	}
	for i := range c.Tasks {
		w := &c.Tasks[i]
		if seq := s.write(w); w.Old == nil {
			done.Seqs = append(done.Seqs, seq)
		}
	}
	s.applyAccounts(c)
	s.applyRemarks(c)
	for _, ref := range c.Drop {
		s.drop(ref)
	}
	for i := range c.Trust {
		s.writeTrust(&c.Trust[i].New)
	}
	for i := range c.Events {
		s.tell(c, c.Events[i])
	}
	for _, item := range c.Feed {
		s.appendFeed(feedLine{at: c.At, FeedItem: item})
	}
	for r := range c.EachRecord {
		s.once.put(r)
	}
	if r := s.tasks[c.WantText]; r != nil {
		done.Text = r.text()
	}
	return done
}

func (s *Store) writeAgent(w *store.AgentWrite) {
	p := s.party(w.New.ID)
	if w.Old != nil {
		s.own(p).Profile = *w.New
		s.rekey(p, w)
		return
	}
	p.agent, p.stamp = &store.Agent{Profile: *w.New}, s.stamp
	p.key, s.keys[w.Key] = w.Key, p
	if w.New.ExternalID != "" {
		s.externals[w.New.ExternalID] = p
	}
	s.agents.Set(p)
}

// rekey gives the agent another key, unless it is all zeros, and forgets the one
// that has no place beside it any more.
func (s *Store) rekey(p *party, w *store.AgentWrite) {
	switch {
	case w.Key == (store.KeyDigest{}):
		return
	case w.KeepOld:
		delete(s.keys, p.key)
	case p.rekeyed:
		delete(s.keys, p.oldKey)
		p.oldKey = p.key
	default:
		p.oldKey, p.rekeyed = p.key, true
	}
	p.key, s.keys[w.Key] = w.Key, p
}

// applyAccounts moves counters first: a ledger entry shows the account as it
// is after the commit.
func (s *Store) applyAccounts(c *store.Change) {
	for i := range c.Accounts {
		s.move(&c.Accounts[i])
	}
	for i := range c.Strikes {
		s.own(s.party(c.Strikes[i].Agent)).Strikes = c.Strikes[i].New
	}
	for i := range c.SystemPays {
		s.own(s.party(c.SystemPays[i].Agent)).SystemPay = c.SystemPays[i].New
	}
	for i := range c.Tags {
		s.party(c.Tags[i].Agent).tag(&c.Tags[i].TagStat)
	}
	for i := range c.Transfers {
		s.transfer(&c.Transfers[i])
	}
}

func (s *Store) move(d *store.AccountDelta) {
	a := s.own(s.party(d.Agent))
	a.Escrowed += d.Escrowed
	a.OpenClaims += d.OpenClaims
	a.Posted += d.Posted
	a.Completed += d.Completed
	a.RatingSum += d.RatingSum
	a.RatingCount += d.RatingCount
	a.Earned += d.Earned
	a.Fees += d.Fees
	a.Charged += d.Charged
	a.Spent += d.Spent
	a.Rejected += d.Rejected
	a.Approvals += d.Approvals
	a.Rejections += d.Rejections
	a.FeesBrought += d.FeesBrought
	a.TextBytes += d.TextBytes
	s.escrowed += d.Escrowed
}

func (p *party) tag(d *store.TagStat) {
	if p.tags == nil {
		p.tags = make(map[string]*store.TagStat)
	}
	stat := p.tags[d.Tag]
	if stat == nil {
		stat = &store.TagStat{Tag: d.Tag}
		p.tags[d.Tag] = stat
	}
	stat.Count += d.Count
	stat.Earned += d.Earned
	stat.RatingSum += d.RatingSum
	stat.RatingCount += d.RatingCount
}

// applyRemarks writes roles, talk and reports.
func (s *Store) applyRemarks(c *store.Change) {
	for _, w := range c.Roles {
		s.aside(w.Task).take(w)
	}
	for _, result := range c.Results {
		a := s.aside(result.Task)
		a.results = append(a.results, result)
	}
	for i := range c.Questions {
		s.ask(&c.Questions[i])
	}
	for i := range c.Answers {
		s.talk.answer(&c.Answers[i])
	}
	for _, d := range c.Talk {
		a := s.aside(d.Task)
		a.open += d.Delta
		a.talked += d.Bytes
	}
	for i := range c.Messages {
		s.message(&c.Messages[i])
	}
	for i := range c.Reports {
		s.report(&c.Reports[i])
	}
	for i := range c.Resolutions {
		s.reports.resolve(&c.Resolutions[i])
	}
}
