package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pinchwork/pinchwork/store"
)

// lane takes groups of tickets to the database, one after the other.
type lane struct{ store *Store }

// run ends when nobody waits any more.
func (s *Store) run(group []*ticket) {
	l := &lane{store: s}
	for group != nil {
		l.take(group)
		group = s.queue.arrive(group)
	}
}

// take brings a group home. A ticket that fails a guard in company goes alone afterwards,
// where the guard's answer is exact, and with all its alternatives. So do those that
// touch the same, in their order, and all when the server has undone the group for
// another reason.
func (l *lane) take(group []*ticket) {
	ctx, cancel := l.store.bounded(group[0].ctx)
	defer cancel()
	var later []*ticket
	rest := slices.Clone(group)
	for len(rest) > 1 {
		a, err := l.together(ctx, rest)
		switch {
		case undone(err):
			later, rest = append(later, rest...), nil
		case err != nil:
			for _, t := range rest {
				t.done <- failed(failure("committing", err))
			}
			rest = nil
		case a.refusal != nil:
			var out []*ticket
			out, rest = rest[a.refused].apart(rest)
			later = append(later, out...)
		default:
			a.deliver(rest)
			rest = nil
		}
	}
	for _, t := range append(rest, later...) {
		t.done <- l.alone(ctx, t)
	}
}

// undone reports whether an error means that nothing was written.
func undone(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.SeverityUnlocalized == "ERROR"
	}
	return err != nil && pgconn.SafeToRetry(err)
}

// together commits the first alternatives of several tickets.
func (l *lane) together(ctx context.Context, group []*ticket) (*answer, error) {
	changes := make([]*prepared, len(group))
	for i, t := range group {
		changes[i] = t.choice[0]
	}
	answers, err := l.send(ctx, []*message{newMessage(changes)})
	if err != nil {
		return nil, err
	}
	return &answers[0], nil
}

// alone commits the first possible of a ticket's alternatives, in one round trip.
func (l *lane) alone(ctx context.Context, t *ticket) outcome {
	token := ""
	if len(t.choice) > 1 {
		token = strconv.FormatUint(rand.Uint64(), 36)
	}
	messages := make([]*message, len(t.choice))
	for i, c := range t.choice {
		messages[i] = newMessage([]*prepared{c})
		messages[i].token = token
	}
	answers, err := l.send(ctx, messages)
	if err != nil {
		return failed(failure("committing", err))
	}
	var errs []error
	for i := range answers {
		if answers[i].refusal == nil {
			return outcome{index: i, committed: answers[i].committed(0, t.choice[i]), errs: errs}
		}
		errs = append(errs, conflict(answers[i].refusal))
	}
	return outcome{index: -1, errs: errs}
}

// send runs again after a deadlock, which undid everything, and when the routines
// were made anew.
func (l *lane) send(ctx context.Context, messages []*message) ([]answer, error) {
	for try := 0; ; try++ {
		answers, err := l.once(ctx, messages)
		if err == nil {
			return answers, nil
		}
		again := l.store.again(ctx, err, try)
		if !again && try == 0 {
			again, err = l.store.made(ctx, err)
		}
		if !again {
			return nil, err
		}
	}
}

func (l *lane) once(ctx context.Context, messages []*message) ([]answer, error) {
	args := make([][][]byte, len(messages))
	for i, m := range messages {
		var err error
		if args[i], err = m.args(); err != nil {
			return nil, err
		}
	}
	var answers []answer
	err := l.store.connected(ctx, func(conn *pgx.Conn) (err error) {
		answers, err = l.call(ctx, conn, *l.store.statement.Load(), args)
		return err
	})
	return answers, err
}

// connected runs do on a connection of the pool, or on the host's.
func (s *Store) connected(ctx context.Context, do func(conn *pgx.Conn) error) error {
	if s.host != nil {
		return s.host(ctx, func(on session) error { return do(on.Conn()) })
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return do(conn.Conn())
}

// call runs the routine once for each message, all in one transaction. Where the
// pool prepares statements it is prepared under a name.
func (l *lane) call(ctx context.Context, conn *pgx.Conn, name string, args [][][]byte) ([]answer, error) {
	sql, named := l.store.sql["commit"], namesStatements(conn.Config())
	if named {
		if _, err := conn.Prepare(ctx, name, sql); err != nil {
			return nil, err
		}
	}
	p := conn.PgConn().StartPipeline(ctx)
	for _, a := range args {
		if named {
			p.SendQueryPrepared(name, a, binaryForm, binaryForm)
		} else {
			p.SendQueryParams(sql, a, nil, binaryForm, binaryForm)
		}
	}
	if err := p.Sync(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	answers, err := readAnswers(p, conn, len(args))
	return answers, errors.Join(err, p.Close())
}

// binaryForm is that of all parameters and results.
var binaryForm = []int16{pgx.BinaryFormatCode}

func readAnswers(p *pgconn.Pipeline, conn *pgx.Conn, n int) ([]answer, error) {
	answers := make([]answer, n)
	for i := range answers {
		results, err := p.GetResults()
		if err != nil {
			return nil, err
		}
		r, ok := results.(*pgconn.ResultReader)
		if !ok {
			return nil, errNoAnswer
		}
		if err := answers[i].read(r, conn); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

var errNoAnswer = errors.New("the server did not answer")

// answer is what the routine commit answers.
type answer struct {
	// refusal is nil, or guard, task and agent.
	refusal         []string
	refused         int32
	seqs            []int64
	needs, contexts []*string
}

func (a *answer) read(r *pgconn.ResultReader, conn *pgx.Conn) error {
	targets := []any{&a.refusal, nil, &a.seqs, &a.needs, &a.contexts}
	var unread error
	for r.NextRow() {
		for i, value := range r.Values() {
			field := r.FieldDescriptions()[i]
			switch {
			case value == nil:
			case targets[i] == nil:
				a.refused = int32(binary.BigEndian.Uint32(value))
			default:
				unread = errors.Join(unread, conn.TypeMap().Scan(field.DataTypeOID, field.Format, value, targets[i]))
			}
		}
	}
	_, err := r.Close()
	return errors.Join(err, unread)
}

// committed takes what belongs to a Change, the want-th that wants a text, from the
// front of the numbers.
func (a *answer) committed(want int, c *prepared) (done store.Committed) {
	for i := range c.Tasks {
		if c.Tasks[i].Old == nil && len(a.seqs) > 0 {
			done.Seqs = append(done.Seqs, a.seqs[0])
			a.seqs = a.seqs[1:]
		}
	}
	if c.WantText != "" && want < len(a.needs) {
		done.Text = store.TaskText{Need: orEmpty(a.needs[want]), Context: orEmpty(a.contexts[want])}
	}
	return done
}

// deliver tells each ticket of a group what became of it.
func (a *answer) deliver(group []*ticket) {
	want := 0
	for _, t := range group {
		c := t.choice[0]
		t.done <- outcome{committed: a.committed(want, c)}
		if c.WantText != "" {
			want++
		}
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// guards are the guards by the names that the routines have for them.
var guards = map[string]store.Guard{
	"task": store.GuardTask, "agent": store.GuardAgent, "trust": store.GuardTrust, "strikes": store.GuardStrikes,
	"system pay": store.GuardSystemPay, "suspended": store.GuardSuspended, "role": store.GuardRole,
	"balance": store.GuardBalance, "transfer": store.GuardTransfer, "claims": store.GuardOpenClaims,
	"text bytes": store.GuardTextBytes, "questions": store.GuardQuestions, "talk bytes": store.GuardTalkBytes,
	"answered": store.GuardAnswered, "report": store.GuardReport, "duplicate": store.GuardDuplicate,
	"idempotency": store.GuardIdempotency,
}

// conflict makes an error of guard, task and agent.
func conflict(refusal []string) *store.Conflict {
	return &store.Conflict{Guard: guards[refusal[0]], Task: store.TaskID(refusal[1]), Agent: store.AgentID(refusal[2])}
}
