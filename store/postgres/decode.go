package postgres

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// agentRow reads the columns of an agent; id is null when there is none.
type agentRow struct {
	id      *string
	version *int64
	profile []byte
	counts  [18]*int64
	strikes *int
	blocked *time.Time
	pay     []byte
}

func (r *agentRow) targets() []any {
	t := []any{&r.id, &r.version, &r.profile}
	for i := range 12 {
		t = append(t, &r.counts[i])
	}
	t = append(t, &r.strikes, &r.blocked)
	for i := range r.counts[12:] {
		t = append(t, &r.counts[12+i])
	}
	return append(t, &r.pay)
}

// agent is nil when there was none.
func (r *agentRow) agent() (*store.Agent, error) {
	if r.id == nil {
		return nil, nil
	}
	a := &store.Agent{Account: r.account()}
	if err := json.Unmarshal(r.profile, &a.Profile); err != nil {
		return nil, fmt.Errorf("profile of agent %s: %w", *r.id, err)
	}
	a.Version = *r.version
	bringIntoForm(&a.CreatedAt, &a.ExtractedAt, &a.OldSecretUntil, &a.OldKeyUntil, &a.KeyMadeAt)
	if r.pay == nil {
		return a, nil
	}
	if err := json.Unmarshal(r.pay, &a.SystemPay); err != nil {
		return nil, fmt.Errorf("system pay of agent %s: %w", *r.id, err)
	}
	for i := range a.SystemPay.Paid {
		bringIntoForm(&a.SystemPay.Paid[i].At)
	}
	return a, nil
}

func (r *agentRow) account() store.Account {
	c := r.counts
	return store.Account{
		Balance: *c[0], Escrowed: *c[1], OpenClaims: *c[2], Posted: *c[3], Completed: *c[4],
		RatingSum: *c[5], RatingCount: *c[6], Earned: *c[7], Fees: *c[8], Charged: *c[9],
		Spent: *c[10], Rejected: *c[11],
		Strikes:  store.Strikes{Count: *r.strikes, BlockedUntil: utc(r.blocked)},
		EventSeq: *c[12], LedgerSeq: *c[13],
		Approvals: *c[14], Rejections: *c[15], FeesBrought: *c[16], TextBytes: *c[17],
	}
}

// utc is a time as stores return it; zero for null.
func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// bringIntoForm brings times of a document to UTC and microseconds.
func bringIntoForm(times ...*time.Time) {
	for _, t := range times {
		*t = t.UTC().Truncate(time.Microsecond)
	}
}

func decodeTask(seq, version int64, doc []byte) (*store.Task, error) {
	t := new(store.Task)
	if err := json.Unmarshal(doc, t); err != nil {
		return nil, fmt.Errorf("task %d: %w", seq, err)
	}
	t.Seq, t.Version = seq, version
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

// scanStored reads seq, version, doc, need, context, result, infra.
func scanStored(row pgx.CollectableRow) (t store.StoredTask, err error) {
	var seq, version int64
	var doc []byte
	var result *string
	var infra []string
	err = row.Scan(&seq, &version, &doc, &t.Text.Need, &t.Text.Context, &result, &infra)
	if err != nil {
		return t, err
	}
	t.Text.Result = orEmpty(result)
	t.Infra = typed[store.AgentID](infra)
	t.Task, err = decodeTask(seq, version, doc)
	return t, err
}

func typed[T ~string](in []string) []T {
	if len(in) == 0 {
		return nil
	}
	out := make([]T, len(in))
	for i, s := range in {
		out[i] = T(s)
	}
	return out
}

func untyped[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

func scanPair(row pgx.CollectableRow) (p store.TrustPair, err error) {
	err = row.Scan((*string)(&p.From), (*string)(&p.To), &p.Score, &p.Interactions, &p.UpdatedAt)
	bringIntoForm(&p.UpdatedAt)
	return p, err
}

func scanEntry(row pgx.CollectableRow) (e store.Entry, err error) {
	err = row.Scan((*string)(&e.ID), (*string)(&e.From), (*string)(&e.To), &e.Amount, (*string)(&e.Kind),
		(*string)(&e.Agent), &e.Seq, (*string)(&e.Task), &e.Fee, &e.Note, (*string)(&e.About), &e.At, &e.Balance, &e.Earned)
	bringIntoForm(&e.At)
	return e, err
}

func scanQuestion(row pgx.CollectableRow) (q store.Question, err error) {
	var answered *time.Time
	err = row.Scan((*string)(&q.ID), (*string)(&q.Task), (*string)(&q.Asker), &q.Text, &q.Answer, &q.CreatedAt, &answered)
	bringIntoForm(&q.CreatedAt)
	q.AnsweredAt = utc(answered)
	return q, err
}

func scanMessage(row pgx.CollectableRow) (m store.Message, err error) {
	err = row.Scan((*string)(&m.ID), (*string)(&m.Task), (*string)(&m.Sender), &m.Text, (*string)(&m.Worker), &m.CreatedAt)
	bringIntoForm(&m.CreatedAt)
	return m, err
}

func scanReport(row pgx.CollectableRow) (r store.Report, err error) {
	var resolved *time.Time
	err = row.Scan((*string)(&r.ID), (*string)(&r.Task), (*string)(&r.Reporter), &r.Reason, (*string)(&r.Status),
		&r.Note, &r.CreatedAt, &resolved)
	bringIntoForm(&r.CreatedAt)
	r.ResolvedAt = utc(resolved)
	return r, err
}

// eventRow reads an event; data is null when empty.
type eventRow struct {
	event store.Event
	data  []byte
}

func (r *eventRow) targets() []any {
	e := &r.event
	return []any{(*string)(&e.Agent), &e.Seq, (*string)(&e.Type), (*string)(&e.Task), &r.data, &e.At}
}

func (r *eventRow) decode() (store.Event, error) {
	bringIntoForm(&r.event.At)
	if r.data == nil {
		return r.event, nil
	}
	if err := json.Unmarshal(r.data, &r.event.Data); err != nil {
		return r.event, fmt.Errorf("event %d of agent %s: %w", r.event.Seq, r.event.Agent, err)
	}
	bringIntoForm(&r.event.Data.GraceDeadline.Time)
	return r.event, nil
}
