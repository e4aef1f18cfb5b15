package postgres_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// A shop orders a review in the transaction that saves the order: both are
// there or neither is.
func ExampleStore_Transact() {
	ctx := context.Background()
	kept, err := postgres.Open(ctx, pgtest.ExampleURL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = kept.Close() }()
	m, _ := pinchwork.New(pinchwork.WithStore(kept))
	shop, _ := m.Register(ctx, market.RegisterInput{Name: "shop"})
	_, _ = kept.Pool().Exec(ctx, "create table orders (no int, review text)")

	err = kept.Transact(ctx, func(tx pgx.Tx, within *postgres.Store) error {
		if _, err := tx.Exec(ctx, "insert into orders values (7)"); err != nil {
			return err
		}
		// The marketplace comes late: it holds the poster's account until the end.
		task, err := m.Hosted(within).As(shop.AgentID).Post(ctx, market.PostInput{Need: "Review order 7"})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update orders set review = $1 where no = 7", string(task.TaskID))
		return err
	})

	var review market.TaskID
	_ = kept.Pool().QueryRow(ctx, "select review from orders where no = 7").Scan(&review)
	task, _ := m.As(shop.AgentID).Task(ctx, review, 0)
	fmt.Println(err, task.Need, task.Status)
	// Output: <nil> Review order 7 posted
}

// The same in a program that works with database/sql.
func ExampleStore_InSQLTx() {
	ctx := context.Background()
	kept, err := postgres.Open(ctx, pgtest.ExampleURL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = kept.Close() }()
	m, _ := pinchwork.New(pinchwork.WithStore(kept))
	shop, _ := m.Register(ctx, market.RegisterInput{Name: "shop"})
	db := stdlib.OpenDBFromPool(kept.Pool())
	defer func() { _ = db.Close() }()
	_, _ = db.ExecContext(ctx, "create table sales (no int)")

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = tx.ExecContext(ctx, "insert into sales values (7)")
	task, err := m.Hosted(kept.InSQLTx(tx)).As(shop.AgentID).Post(ctx, market.PostInput{Need: "Review sale 7"})
	fmt.Println(task.Status, err)
	_ = tx.Rollback() // the sale is off, and so is the review

	_, err = m.As(shop.AgentID).Task(ctx, task.TaskID, 0)
	fmt.Println(err)
	// Output:
	// posted <nil>
	// Task not found
}
