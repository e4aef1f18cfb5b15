package sqlite

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork/store"
)

// bringIntoForm brings times of a document to UTC and microseconds.
func bringIntoForm(times ...*time.Time) {
	for _, t := range times {
		*t = t.UTC().Truncate(time.Microsecond)
	}
}

// decodeTask reads seq, version, doc from a column on.
func decodeTask(r row, column int) (*store.Task, error) {
	t := new(store.Task)
	seq := r.ColumnInt64(column)
	if err := json.Unmarshal(r.ColumnRawText(column+2), t); err != nil {
		return nil, fmt.Errorf("task %d: %w", seq, err)
	}
	t.Seq, t.Version = seq, r.ColumnInt64(column+1)
	bringIntoForm(&t.CreatedAt, &t.ExpiresAt, &t.Deadline, &t.NextDue)
	if t.System != nil {
		bringIntoForm(&t.System.Until, &t.System.Again)
	}
	if t.Direct != nil {
		bringIntoForm(&t.Direct.OpensAt)
	}
	if t.Matching != nil {
		bringIntoForm(&t.Matching.Until)
	}
	if t.Claim != nil {
		bringIntoForm(&t.Claim.At, &t.Claim.Timeout, &t.Claim.Grace, &t.Claim.Progress.At, &t.Claim.Progress.Told)
	}
	if t.Delivery != nil {
		bringIntoForm(&t.Delivery.At, &t.Delivery.ReviewUntil)
	}
	for i := range t.Superseded {
		bringIntoForm(&t.Superseded[i].Until, &t.Superseded[i].At)
	}
	if t.Rejection != nil {
		bringIntoForm(&t.Rejection.At)
	}
	if t.Ending != nil {
		bringIntoForm(&t.Ending.At)
	}
	return t, nil
}

const agentColumns = "a.id, a.version, a.profile, (select p.pay from pinchwork_system_pay p where p.agent = a.id), " +
	counterColumns + ", strikes, blocked_until"

// decodeAgent reads agentColumns.
func decodeAgent(r row) (*store.Agent, error) {
	a := new(store.Agent)
	id := r.ColumnText(0)
	if err := json.Unmarshal(r.ColumnRawText(2), &a.Profile); err != nil {
		return nil, fmt.Errorf("profile of agent %s: %w", id, err)
	}
	a.Version = r.ColumnInt64(1)
	bringIntoForm(&a.CreatedAt, &a.ExtractedAt, &a.OldSecretUntil, &a.OldKeyUntil, &a.KeyMadeAt)
	readCounters(r, 4, &a.Account)
	var err error
	a.SystemPay, err = decodePay(r, 3)
	return a, err
}

// decodePay reads what the platform pays about an agent; null is nothing.
func decodePay(r row, column int) (pay store.SystemPay, err error) {
	if r.ColumnType(column) == sqlite3.NULL {
		return pay, nil
	}
	err = json.Unmarshal(r.ColumnRawText(column), &pay)
	for i := range pay.Paid {
		bringIntoForm(&pay.Paid[i].At)
	}
	return pay, err
}

func systemPay(c *conn, id store.AgentID) (pay store.SystemPay, err error) {
	_, err = c.one("select pay from pinchwork_system_pay where agent = ?", func(r row) (err error) {
		pay, err = decodePay(r, 0)
		return err
	}, string(id))
	return pay, err
}

// collect appends each row of a result.
func collect[T any](c *conn, into *[]T, read func(r row) (T, error), sql string, args ...any) error {
	return c.each(sql, func(r row) error {
		v, err := read(r)
		*into = append(*into, v)
		return err
	}, args...)
}

// first returns the first row, or nil.
func first[T any](c *conn, read func(r row) (T, error), sql string, args ...any) (*T, error) {
	var all []T
	if err := collect(c, &all, read, sql, args...); err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func readID[T ~string](r row) (T, error) { return T(r.ColumnText(0)), nil }

const pairColumns = "from_id, to_id, score, interactions, updated_at"

func readPair(r row) (store.TrustPair, error) {
	return store.TrustPair{
		From: store.AgentID(r.ColumnText(0)), To: store.AgentID(r.ColumnText(1)),
		Score: r.ColumnFloat(2), Interactions: r.ColumnInt64(3), UpdatedAt: instant(r, 4),
	}, nil
}

const entryColumns = "id, source, target, amount, kind, agent, seq, task, fee, note, about, at, balance, earned"

func readEntry(r row) (store.Entry, error) {
	return store.Entry{
		Transfer: store.Transfer{
			ID: store.EntryID(r.ColumnText(0)), From: store.AccountName(r.ColumnText(1)), To: store.AccountName(r.ColumnText(2)),
			Amount: r.ColumnInt64(3), Kind: store.EntryKind(r.ColumnText(4)), Agent: store.AgentID(r.ColumnText(5)),
			Task: store.TaskID(r.ColumnText(7)), Fee: r.ColumnInt64(8), Note: r.ColumnText(9),
			About: store.AgentID(r.ColumnText(10)), At: instant(r, 11),
		},
		Seq: r.ColumnInt64(6), Balance: r.ColumnInt64(12), Earned: r.ColumnInt64(13),
	}, nil
}

const questionColumns = "id, task, asker, body, answer, created_at, answered_at"

func readQuestion(r row) (store.Question, error) {
	return store.Question{
		ID: store.QuestionID(r.ColumnText(0)), Task: store.TaskID(r.ColumnText(1)), Asker: store.AgentID(r.ColumnText(2)),
		Text: r.ColumnText(3), Answer: r.ColumnText(4), CreatedAt: instant(r, 5), AnsweredAt: instant(r, 6),
	}, nil
}

const messageColumns = "id, task, sender, worker, body, created_at"

func readMessage(r row) (store.Message, error) {
	return store.Message{
		ID: store.MessageID(r.ColumnText(0)), Task: store.TaskID(r.ColumnText(1)), Sender: store.AgentID(r.ColumnText(2)),
		Worker: store.AgentID(r.ColumnText(3)), Text: r.ColumnText(4), CreatedAt: instant(r, 5),
	}, nil
}

const reportColumns = "id, task, reporter, reason, status, note, created_at, resolved_at"

func readReport(r row) (store.Report, error) {
	return store.Report{
		ID: store.ReportID(r.ColumnText(0)), Task: store.TaskID(r.ColumnText(1)), Reporter: store.AgentID(r.ColumnText(2)),
		Reason: r.ColumnText(3), Status: store.ReportStatus(r.ColumnText(4)), Note: r.ColumnText(5),
		CreatedAt: instant(r, 6), ResolvedAt: instant(r, 7),
	}, nil
}

const eventColumns = "agent, seq, type, task, data, at"

func readEvent(r row) (store.Event, error) {
	e := store.Event{
		Agent: store.AgentID(r.ColumnText(0)), Seq: r.ColumnInt64(1), Type: store.EventType(r.ColumnText(2)),
		Task: store.TaskID(r.ColumnText(3)), At: instant(r, 5),
	}
	if r.ColumnType(4) == sqlite3.NULL {
		return e, nil
	}
	if err := json.Unmarshal(r.ColumnRawText(4), &e.Data); err != nil {
		return e, fmt.Errorf("event %d of agent %s: %w", e.Seq, e.Agent, err)
	}
	bringIntoForm(&e.Data.GraceDeadline.Time)
	return e, nil
}
