package sqlite_test

import (
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

//go:embed testdata/hand/schema.sql
var handSchema string

// turn is how long each side works before it is the other's turn.
const turn = 3 * time.Second

// BenchmarkHand compares lives of tasks (post, claim, deliver, approve: four durable
// commits) through the store with a marketplace written by hand, which keeps the same
// facts in a lean schema (testdata/hand), through the same driver and with the same
// batching. Both take turns on one disk, and 100 posters and 100 workers meet at
// random. The ratio is to be at least 0.7 with 8 clients:
//
//	go test ./store/sqlite -run '^$' -benchtime 1x -bench Hand
//
// "keyed" is the same with an idempotency record in each commit, as clients of the
// HTTP API send them; the counterpart has none. "off" takes the disk out.
func BenchmarkHand(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("full/plain/clients=%d", clients), func(b *testing.B) { againstHand(b, clients, false, true) })
	}
	b.Run("full/keyed/clients=8", func(b *testing.B) { againstHand(b, 8, true, true) })
	b.Run("off/plain/clients=8", func(b *testing.B) { againstHand(b, 8, false, false) })
}

func againstHand(b *testing.B, clients int, keyed, durable bool) {
	var opts []sqlite.Option
	if !durable {
		opts = append(opts, sqlite.WithoutDurability())
	}
	s := openAt(b, filepath.Join(b.TempDir(), "store.db"), opts...)
	for n := range storebench.Crowd {
		if _, err := s.Commit(b.Context(), storebench.Registration(n, 1<<40)); err != nil {
			b.Fatal(err)
		}
	}
	ours, theirs, hand := &storebench.Couples{}, &storebench.Couples{}, newHand(b, durable)
	storebench.InTurn(b,
		func() float64 {
			return storebench.Rate(b, clients, turn, func() error { return ours.Live(b.Context(), s, keyed) })
		},
		func() float64 {
			return storebench.Rate(b, clients, turn, func() error { return hand.live(theirs.Meet()) })
		})
}

// BenchmarkEightAgainstOne compares the lives that eight clients and one lead through
// one store: at least 1.5 times as many, since commits that gather wait for the disk
// once.
//
//	go test ./store/sqlite -run '^$' -benchtime 1x -bench EightAgainstOne
func BenchmarkEightAgainstOne(b *testing.B) {
	s := openAt(b, filepath.Join(b.TempDir(), "store.db"))
	for n := range storebench.Crowd {
		if _, err := s.Commit(b.Context(), storebench.Registration(n, 1<<40)); err != nil {
			b.Fatal(err)
		}
	}
	couples := &storebench.Couples{}
	rate := func(clients int) func() float64 {
		return func() float64 {
			return storebench.Rate(b, clients, turn, func() error { return couples.Live(b.Context(), s, false) })
		}
	}
	storebench.InTurn(b, rate(8), rate(1))
}

// hand is the counterpart: one connection that writes, whose goroutine puts all that
// wait into one transaction. Each step asks its guards before it writes.
type hand struct {
	db    *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt

	mu      sync.Mutex
	waiting []*handStep
	running bool
}

type handStep struct {
	do   func() error
	err  error
	done chan error
}

func newHand(b *testing.B, durable bool) *hand {
	b.Helper()
	db, err := sqlite3.Open("file:" + filepath.Join(b.TempDir(), "hand.db"))
	if err != nil {
		b.Fatal(err)
	}
	h := &hand{db: db, stmts: map[string]*sqlite3.Stmt{}}
	b.Cleanup(func() {
		for _, s := range h.stmts {
			_ = s.Close()
		}
		_ = db.Close()
	})
	sync := map[bool]string{true: "full", false: "off"}[durable]
	for _, sql := range []string{"pragma journal_mode = wal", "pragma synchronous = " + sync, "pragma cache_size = -8000", "pragma wal_autocheckpoint = 4000", handSchema} {
		if err := db.Exec(sql); err != nil {
			b.Fatal(err)
		}
	}
	for n := range storebench.Crowd {
		if err := h.run("insert into account (id, balance) values (?, ?)", string(storebench.AgentID(n)), int64(1)<<40); err != nil {
			b.Fatal(err)
		}
	}
	return h
}

func (h *hand) write(do func() error) error {
	step := &handStep{do: do, done: make(chan error, 1)}
	h.mu.Lock()
	h.waiting = append(h.waiting, step)
	if !h.running {
		h.running = true
		go h.work()
	}
	h.mu.Unlock()
	return <-step.done
}

func (h *hand) work() {
	for {
		h.mu.Lock()
		batch := h.waiting
		h.waiting = nil
		if h.running = len(batch) > 0; !h.running {
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		err := h.run("begin immediate")
		for _, step := range batch {
			step.err = step.do()
		}
		err = errors.Join(err, h.run("commit"))
		for _, step := range batch {
			step.done <- errors.Join(step.err, err)
		}
	}
}

func (h *hand) run(sql string, args ...any) error {
	_, err := h.row(sql, nil, args...)
	return err
}

// row runs a statement and reads its first row.
func (h *hand) row(sql string, read func(s *sqlite3.Stmt), args ...any) (found bool, err error) {
	s := h.stmts[sql]
	if s == nil {
		if s, _, err = h.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return false, err
		}
		h.stmts[sql] = s
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			err = s.BindText(i+1, v)
		case int64:
			err = s.BindInt64(i+1, v)
		case int:
			err = s.BindInt(i+1, v)
		}
		if err != nil {
			return false, err
		}
	}
	for s.Step() {
		if found = true; read != nil {
			read(s)
		}
	}
	return found, s.Reset()
}

// all runs statements one after the other.
func (h *hand) all(statements ...func() error) error {
	for _, do := range statements {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

var errGuard = errors.New("a guard failed")

func (h *hand) tell(who, kind, task string, at int64) (err error) {
	var n int64
	if _, err = h.row("update account set event_seq = event_seq + 1 where id = ? returning event_seq",
		func(s *sqlite3.Stmt) { n = s.ColumnInt64(0) }, who); err != nil {
		return err
	}
	return h.run("insert into event values (?, ?, ?, ?, ?)", who, n, kind, task, at)
}

const handDay = int64(24 * time.Hour / time.Microsecond)

func (h *hand) live(m *storebench.Meeting) error {
	l := &handLife{
		hand: h, task: string(storebench.TaskID(m.N)), poster: string(m.Poster), worker: string(m.Worker),
		now: storebench.Epoch.UnixMicro(),
	}
	if err := h.write(l.post); err != nil {
		return err
	}
	if err := h.write(l.claim); err != nil {
		return err
	}
	if err := h.write(l.deliver); err != nil {
		return err
	}
	return m.Once(func(int64) error { return h.write(l.approve) })
}

type handLife struct {
	*hand
	task, poster, worker string
	now                  int64
}

func (l *handLife) post() error {
	var balance, seq int64
	paid, err := l.row(`update account set balance = balance - ?2, escrowed = escrowed + ?2, posted = posted + 1, ledger_seq = ledger_seq + 1
		where id = ?1 and balance >= ?2 and suspended = 0 returning balance, ledger_seq`,
		func(s *sqlite3.Stmt) { balance, seq = s.ColumnInt64(0), s.ColumnInt64(1) }, l.poster, storebench.Budget)
	if err != nil || !paid {
		return errors.Join(errGuard, err)
	}
	return l.all(
		func() error {
			return l.run(`insert into task (id, version, status, poster, credits, tags, created_at, expires_at) values (?, 1, 1, ?, ?, ?, ?, ?)`,
				l.task, l.poster, storebench.Budget, "security,python", l.now, l.now+3*handDay)
		},
		func() error {
			return l.run("insert into task_text values (?, ?, ?)", l.task, storebench.Need, storebench.Context)
		},
		func() error { return l.run("insert into party values (?, 1, 1, ?)", l.poster, l.task) },
		func() error { return l.run("insert into due values (?, ?)", l.task, l.now+3*handDay) },
		func() error { return l.run("insert into feed (task, version, open) values (?, 1, 1)", l.task) },
		func() error {
			return l.run("insert into entry (agent, seq, source, target, amount, kind, task, at, balance) values (?, ?, ?, ?, ?, 'escrow', ?, ?, ?)",
				l.poster, seq, l.poster, "escrow:"+l.task, storebench.Budget, l.task, l.now, balance)
		})
}

func (l *handLife) claim() error {
	may, err := l.row("update account set open_claims = open_claims + 1 where id = ? and open_claims < 1000000 and suspended = 0 returning 1", nil, l.worker)
	if err != nil || !may {
		return errors.Join(errGuard, err)
	}
	taken, err := l.row(`update task set version = version + 1, status = 2, worker = ?2, claimed_at = ?3, claim_until = ?4
		where id = ?1 and version = 1 and status = 1 returning 1`, nil, l.task, l.worker, l.now, l.now+3*handDay)
	if err != nil || !taken {
		return errors.Join(errGuard, err)
	}
	return l.all(
		func() error {
			return l.run("update party set status = 2 where agent = ? and role = 1 and status = 1 and task = ?", l.poster, l.task)
		},
		func() error { return l.run("insert into party values (?, 2, 2, ?)", l.worker, l.task) },
		func() error { return l.run("update due set at = ? where task = ?", l.now+3*handDay, l.task) },
		func() error { return l.run("insert into role values (?, ?, 'worker')", l.task, l.worker) },
		func() error { return l.run("insert into feed (task, version, open) values (?, 2, 0)", l.task) },
		func() error { return l.tell(l.poster, "task_claimed", l.task, l.now) },
		func() error {
			_, err := l.row("select need, context from task_text where task = ?",
				func(s *sqlite3.Stmt) { _, _ = s.ColumnText(0), s.ColumnText(1) }, l.task)
			return err
		})
}

func (l *handLife) deliver() error {
	done, err := l.row(`update task set version = version + 1, status = 3, delivered_at = ?3, review_until = ?4
		where id = ?1 and version = 2 and status = 2 and worker = ?2 returning 1`, nil, l.task, l.worker, l.now, l.now+handDay)
	if err != nil || !done {
		return errors.Join(errGuard, err)
	}
	return l.all(
		func() error { return l.run("insert into result values (?, 1, ?)", l.task, storebench.Answer) },
		func() error {
			return l.run("update party set status = 3 where agent = ? and role = 1 and status = 2 and task = ?", l.poster, l.task)
		},
		func() error {
			return l.run("update party set status = 3 where agent = ? and role = 2 and status = 2 and task = ?", l.worker, l.task)
		},
		func() error { return l.run("update due set at = ? where task = ?", l.now+handDay, l.task) },
		func() error { return l.tell(l.poster, "task_delivered", l.task, l.now) },
		func() error {
			return l.run("update account set open_claims = open_claims - 1 where id = ? and suspended = 0", l.worker)
		})
}

func (l *handLife) approve() error {
	var credits, fee int64
	done, err := l.row(`update task set version = version + 1, status = 4, ended_at = ?3, charged = credits, fee = credits / 10, rating = 5
		where id = ?1 and version = 3 and status = 3 and poster = ?2 returning credits, fee`,
		func(s *sqlite3.Stmt) { credits, fee = s.ColumnInt64(0), s.ColumnInt64(1) }, l.task, l.poster, l.now)
	if err != nil || !done {
		return errors.Join(errGuard, err)
	}
	const trust = `insert into trust values (?, ?, 0.55, 1)
		on conflict do update set score = (score * 9 + 1) / 10, interactions = interactions + 1`
	const tag = `insert into tag_stat values (?, ?, 1, ?, 5, 1) on conflict do update set count = count + 1,
		earned = earned + excluded.earned, rating_sum = rating_sum + excluded.rating_sum, rating_count = rating_count + 1`
	return l.all(
		func() error {
			return l.run("update party set status = 4 where agent = ? and role = 1 and status = 3 and task = ?", l.poster, l.task)
		},
		func() error {
			return l.run("update party set status = 4 where agent = ? and role = 2 and status = 3 and task = ?", l.worker, l.task)
		},
		func() error { return l.run("delete from due where task = ?", l.task) },
		func() error { return l.run(trust, l.poster, l.worker) },
		func() error { return l.run(trust, l.worker, l.poster) },
		func() error { return l.run(tag, l.worker, storebench.Tags[0], credits-fee) },
		func() error { return l.run(tag, l.worker, storebench.Tags[1], credits-fee) },
		func() error { return l.run("insert into feed (task, version, open) values (?, 4, 0)", l.task) },
		func() error {
			return l.run("update account set escrowed = escrowed - ?2, spent = spent + ?2 where id = ?1", l.poster, credits)
		},
		func() error { return l.pay(credits, fee) },
		func() error { return l.tell(l.worker, "task_approved", l.task, l.now) })
}

func (l *handLife) pay(credits, fee int64) error {
	const entry = "insert into entry (agent, seq, source, target, amount, kind, task, at, balance) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	if err := l.run(entry, "", 0, "escrow:"+l.task, "platform", fee, "platform_fee", l.task, l.now, 0); err != nil {
		return err
	}
	var balance, seq int64
	_, err := l.row(`update account set balance = balance + ?2, earned = earned + ?2, completed = completed + 1, rating_sum = rating_sum + 5,
		rating_count = rating_count + 1, ledger_seq = ledger_seq + 1 where id = ?1 returning balance, ledger_seq`,
		func(s *sqlite3.Stmt) { balance, seq = s.ColumnInt64(0), s.ColumnInt64(1) }, l.worker, credits-fee)
	if err != nil {
		return err
	}
	return l.run(entry, l.worker, seq, "escrow:"+l.task, l.worker, credits-fee, "payment", l.task, l.now, balance)
}
