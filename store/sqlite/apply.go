package sqlite

import (
	"encoding/json"
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// parts are what a Change is written in. Profiles come before events, which go to the
// webhook that an agent has afterwards, and counters before transfers, whose entries
// show the account as it is afterwards.
var parts = [...]func(*writing, *prepared) error{
	(*writing).writeAgents,
	(*writing).writeAccounts,
	(*writing).writeTags,
	(*writing).writeTransfers,
	(*writing).writeRoles,
	(*writing).writeResults,
	(*writing).writeTalk,
	(*writing).writeReports,
	(*writing).drop,
	(*writing).writeTrust,
	(*writing).writeEvents,
	(*writing).writeFeed,
	(*writing).writeIdempotency,
}

// apply writes a Change whose guards hold.
func (w *writing) apply(c *prepared) (done store.Committed, err error) {
	if done.Seqs, err = w.writeTasks(c); err != nil {
		return done, err
	}
	for _, write := range parts {
		if err := write(w, c); err != nil {
			return done, err
		}
	}
	if c.WantText != "" {
		done.Text, err = taskText(w.conn, c.WantText)
	}
	return done, err
}

func (w *writing) writeTasks(c *prepared) (seqs []int64, err error) {
	for i := range c.Tasks {
		write := &c.Tasks[i]
		if err := w.count(write.Old, -1); err != nil {
			return nil, err
		}
		if err := w.count(write.New, 1); err != nil {
			return nil, err
		}
		if write.Old != nil {
			err = w.replaceTask(write, c.tasks[i])
		} else {
			err = w.insertTask(write, c.tasks[i])
			seqs = append(seqs, w.db.LastInsertRowID())
		}
		if err != nil {
			return nil, err
		}
	}
	return seqs, nil
}

func (w *writing) insertTask(write *store.TaskWrite, doc string) error {
	t := write.New
	args := append(make([]any, 0, 9), string(t.ID), string(t.Poster), t.Version, doc)
	for _, column := range stateOf(t) {
		args = append(args, column)
	}
	err := w.run(`insert into pinchwork_task (id, poster, version, doc, status, open, worker, due, ended)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	if err != nil {
		return err
	}
	return w.run("insert into pinchwork_task_text (seq, need, context) values (?, ?, ?)",
		w.db.LastInsertRowID(), write.Text.Need, write.Text.Context)
}

// replaceTask names the columns alone that move: each has a place in an index or two.
func (w *writing) replaceTask(write *store.TaskWrite, doc string) error {
	t := write.New
	sql, args := "update pinchwork_task set version = ?, doc = ?", append(make([]any, 0, 8), t.Version, doc)
	was, is := stateOf(write.Old), stateOf(t)
	for i, column := range stateColumns {
		if was[i] != is[i] {
			sql += column
			args = append(args, is[i])
		}
	}
	return w.run(sql+" where id = ?", append(args, string(t.ID))...)
}

var stateColumns = [...]string{", status = ?", ", open = ?", ", worker = ?", ", due = ?", ", ended = ?"}

// stateOf are the columns by which a task is found.
func stateOf(t *store.Task) (columns [len(stateColumns)]any) {
	columns[0], columns[2], columns[3] = number(t.Status), textOrNull(t.Worker()), orNull(t.NextDue)
	if t.Open() {
		columns[1] = 1
	}
	if t.Ending != nil {
		columns[4] = orNull(t.Ending.At)
	}
	return columns
}

func (w *writing) writeAgents(c *prepared) error {
	for i := range c.Agents {
		write, doc := &c.Agents[i], c.profiles[i]
		next := write.New
		a, err := w.account(next.ID)
		if err != nil {
			return err
		}
		if write.Old == nil {
			w.totals[ofAgents]++
			err = w.insertAgent(write, doc)
		} else {
			err = w.replaceAgent(write, doc)
		}
		if err != nil {
			return err
		}
		a.known, a.suspended, a.hooked, a.moved = true, next.Suspended, next.Hooked(), true
	}
	return nil
}

func (w *writing) insertAgent(write *store.AgentWrite, doc string) error {
	next := write.New
	var external any
	if next.ExternalID != "" {
		external = next.ExternalID
	}
	return w.run("insert into pinchwork_agent (id, version, key, profile, external_id, old_key_until) values (?, ?, ?, ?, ?, ?)",
		string(next.ID), next.Version, write.Key[:], doc, external, endOfKey(next))
}

func (w *writing) replaceAgent(write *store.AgentWrite, doc string) error {
	next := write.New
	err := w.run("update pinchwork_agent set version = ?, profile = ?, old_key_until = ? where id = ?",
		next.Version, doc, endOfKey(next), string(next.ID))
	switch {
	case err != nil || write.Key == (store.KeyDigest{}):
		return err
	case write.KeepOld:
		return w.run("update pinchwork_agent set key = ? where id = ?", write.Key[:], string(next.ID))
	}
	return w.run("update pinchwork_agent set old_key = key, key = ? where id = ?", write.Key[:], string(next.ID))
}

// endOfKey is until when the old key counts, 0 for never.
func endOfKey(p *store.Profile) any {
	if p.OldKeyUntil.IsZero() {
		return 0
	}
	return p.OldKeyUntil
}

func (w *writing) writeAccounts(c *prepared) error {
	for i := range c.Accounts {
		d := &c.Accounts[i]
		a, err := w.account(d.Agent)
		if err != nil {
			return err
		}
		a.move(d)
		w.totals[ofEscrow] += d.Escrowed
	}
	for i := range c.Strikes {
		a, err := w.account(c.Strikes[i].Agent)
		if err != nil {
			return err
		}
		a.Strikes, a.moved = c.Strikes[i].New, true
	}
	return w.writeSystemPays(c)
}

func (w *writing) writeSystemPays(c *prepared) error {
	for i := range c.SystemPays {
		write := &c.SystemPays[i]
		doc, err := json.Marshal(write.New)
		if err != nil {
			return err
		}
		err = w.run("replace into pinchwork_system_pay (agent, pay) values (?, ?)", string(write.Agent), string(doc))
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeTags(c *prepared) error {
	for i := range c.Tags {
		d := &c.Tags[i]
		err := w.run(`insert into pinchwork_tag_stat (agent, tag, count, earned, rating_sum, rating_count)
			values (?, ?, ?, ?, ?, ?) on conflict (agent, tag) do update set
			count = count + excluded.count, earned = earned + excluded.earned,
			rating_sum = rating_sum + excluded.rating_sum, rating_count = rating_count + excluded.rating_count`,
			string(d.Agent), d.Tag, d.Count, d.Earned, d.RatingSum, d.RatingCount)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeTransfers(c *prepared) error {
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if place := slices.Index(store.PlatformKinds(), t.Kind); place >= 0 {
			w.totals[ofPlatform+place] += t.Amount
		}
		entry := store.Entry{Transfer: *t}
		if t.Agent != "" {
			a, err := w.account(t.Agent)
			if err != nil {
				return err
			}
			a.Balance += t.Signed()
			a.LedgerSeq++
			a.moved = true
			entry.Seq, entry.Balance, entry.Earned = a.LedgerSeq, a.Balance, a.Earned
		}
		if err := w.writeEntry(&entry); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeEntry(e *store.Entry) error {
	err := w.run(`insert into pinchwork_entry
		(id, source, target, amount, kind, agent, seq, task, fee, note, about, at, balance, earned)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(e.ID), string(e.From), string(e.To), e.Amount, string(e.Kind), textOrNull(e.Agent), e.Seq, textOrNull(e.Task),
		e.Fee, e.Note, string(e.About), e.At, e.Balance, e.Earned)
	if err != nil || e.Agent == "" {
		return err
	}
	// What was said of this instant or a later one is out of date.
	if err := w.run("delete from pinchwork_earned where agent = ? and at >= ?", string(e.Agent), e.At); err != nil {
		return err
	}
	return w.run("insert into pinchwork_earned (agent, at, earned) values (?, ?, ?)", string(e.Agent), e.At, e.Earned)
}

func (w *writing) writeRoles(c *prepared) error {
	for i := range c.Roles {
		r := &c.Roles[i]
		var at, why, claim any
		if l := r.Lapse; l != nil {
			at, why, claim = l.At, l.Why, int64(l.Claim)
		}
		err := w.run("replace into pinchwork_role (task, agent, role, lapsed_at, lapse_why, lapse_claim) values (?, ?, ?, ?, ?, ?)",
			string(r.Task), string(r.Agent), string(r.Role), at, why, claim)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeResults(c *prepared) error {
	for i := range c.Results {
		r := &c.Results[i]
		err := w.run("insert into pinchwork_result (task, no, body) values (?, ?, ?)", string(r.Task), r.No, r.Text)
		if err != nil {
			return err
		}
	}
	return nil
}

// drop deletes texts.
func (w *writing) drop(c *prepared) error {
	for _, ref := range c.Drop {
		if ref.No != 0 {
			if err := w.run("delete from pinchwork_result where task = ? and no = ?", string(ref.Task), ref.No); err != nil {
				return err
			}
			continue
		}
		for _, sql := range []string{
			`update pinchwork_task_text set need = '', context = '' where seq = (select seq from pinchwork_task where id = ?)`,
			`delete from pinchwork_question where task = ?`,
			`delete from pinchwork_message where task = ?`,
		} {
			if err := w.run(sql, string(ref.Task)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writing) writeTrust(c *prepared) error {
	for i := range c.Trust {
		p := &c.Trust[i].New
		err := w.run(`insert into pinchwork_trust (from_id, to_id, score, interactions, updated_at) values (?, ?, ?, ?, ?)
			on conflict (from_id, to_id) do update set
			score = excluded.score, interactions = excluded.interactions, updated_at = excluded.updated_at`,
			string(p.From), string(p.To), p.Score, p.Interactions, p.UpdatedAt)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeEvents(c *prepared) error {
	for i := range c.Events {
		e := &c.Events[i]
		a, err := w.account(e.Agent)
		if err != nil {
			return err
		}
		if !a.known {
			continue
		}
		a.EventSeq++
		a.moved = true
		args := []any{string(e.Agent), a.EventSeq, string(e.Type), string(e.Task), textOrNull(c.facts[i]), e.At}
		err = w.run("insert into pinchwork_event (agent, seq, type, task, data, at) values (?, ?, ?, ?, ?, ?)", args...)
		if err == nil && a.hooked {
			err = w.run("insert into pinchwork_webhook (agent, seq, type, task, data, at, due) values (?, ?, ?, ?, ?, ?, ?)",
				append(args, c.At)...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeFeed(c *prepared) error {
	if c.feed == "" {
		return nil
	}
	return w.run("insert into pinchwork_feed (at, count, items) values (?, ?, ?)", c.At, len(c.Feed), c.feed)
}

func (w *writing) writeIdempotency(c *prepared) error {
	for r := range c.EachRecord {
		err := w.run(`replace into pinchwork_idempotency (caller, operation, key, request, outcome, expires_at)
			values (?, ?, ?, ?, ?, ?)`, string(r.Caller), r.Operation, r.Key, r.Request[:], []byte(r.Outcome), r.ExpiresAt)
		if err != nil {
			return err
		}
	}
	return nil
}
