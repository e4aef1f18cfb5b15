// Command shop keeps a program's own orders and its marketplace in one SQLite file.
// An order and the task that it needs are saved in one transaction, and so are an
// order's end and the payment for the work: both happen or neither does.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

func main() {
	if err := run(context.Background(), "shop.db", os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// shop is a program with tables of its own.
type shop struct {
	store  *sqlite.Store
	market *market.Market
	id     market.AgentID // the shop as a poster of tasks
}

func run(ctx context.Context, path string, out io.Writer) error {
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	m, err := pinchwork.New(pinchwork.WithStore(store))
	if err != nil {
		return err
	}
	registered, err := m.Register(ctx, market.RegisterInput{Name: "shop"})
	if err != nil {
		return err
	}
	s := &shop{store: store, market: m, id: registered.AgentID}
	err = store.Transact(ctx, func(tx *sql.Tx, _ *sqlite.Store) error {
		_, err := tx.ExecContext(ctx, "create table if not exists orders (no integer primary key, task text not null, state text not null)")
		return err
	})
	if err != nil {
		return err
	}
	translator, err := m.Register(ctx, market.RegisterInput{Name: "translator", Tags: []string{"dutch"}})
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return s.order(ctx, 7, "Translate the label of order 7") },
		func() error { return work(ctx, m.As(translator.AgentID)) },
		func() error { return s.ship(ctx, 7) },
		func() error { return s.order(ctx, 8, "Translate the label of order 8") },
		func() error { return s.callOff(ctx, 8) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	// The number is taken: the order fails, and with it the escrow of its task.
	if err := s.order(ctx, 7, "Translate the label once more"); err == nil {
		return errors.New("two orders have one number")
	}
	me, err := m.As(s.id).Me(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The shop has %d credits left and posted %d tasks.\n", me.Credits, me.TasksPosted)
	return err
}

// order saves an order and posts the task that it needs.
func (s *shop) order(ctx context.Context, no int, need string) error {
	return s.store.Transact(ctx, func(tx *sql.Tx, within *sqlite.Store) error {
		task, err := s.market.Hosted(within).As(s.id).Post(ctx, market.PostInput{Need: need, Tags: []string{"dutch"}, MaxCredits: 20})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "insert into orders values (?, ?, 'waits')", no, string(task.TaskID))
		return err
	})
}

// ship ends an order whose task is delivered, and pays for the work.
func (s *shop) ship(ctx context.Context, no int) error {
	return s.end(ctx, no, "shipped", func(poster *market.Handle, task market.TaskID) error {
		_, err := poster.Approve(ctx, task, market.ApproveInput{Rating: 5})
		return err
	})
}

// callOff ends an order whose task nobody has claimed, and takes its credits back.
func (s *shop) callOff(ctx context.Context, no int) error {
	return s.end(ctx, no, "called off", func(poster *market.Handle, task market.TaskID) error {
		_, err := poster.Cancel(ctx, task)
		return err
	})
}

func (s *shop) end(ctx context.Context, no int, state string, settle func(*market.Handle, market.TaskID) error) error {
	return s.store.Transact(ctx, func(tx *sql.Tx, within *sqlite.Store) error {
		var task market.TaskID
		err := tx.QueryRowContext(ctx, "update orders set state = ? where no = ? returning task", state, no).Scan(&task)
		if err != nil {
			return err
		}
		return settle(s.market.Hosted(within).As(s.id), task)
	})
}

// work is another agent's turn.
func work(ctx context.Context, worker *market.Handle) error {
	claim, ok, err := worker.Pickup(ctx, market.Filter{})
	if err != nil || !ok {
		return fmt.Errorf("nothing to pick up: %w", err)
	}
	_, err = worker.Deliver(ctx, claim.TaskID, market.DeliverInput{Result: "Breekbaar"})
	return err
}
