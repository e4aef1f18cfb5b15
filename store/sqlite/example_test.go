package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/ncruces/go-sqlite3/driver"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// A shop keeps its orders in the file of the marketplace, and orders a review in the
// transaction that saves the order: both are there or neither is.
func ExampleStore_Transact() {
	ctx := context.Background()
	folder, _ := os.MkdirTemp("", "shop")
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "shop.db")
	kept, err := sqlite.Open(ctx, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = kept.Close() }()
	m, _ := pinchwork.New(pinchwork.WithStore(kept))
	shop, _ := m.Register(ctx, market.RegisterInput{Name: "shop"})
	db, _ := sql.Open("sqlite3", "file:"+path)
	defer func() { _ = db.Close() }()
	_, _ = db.ExecContext(ctx, "create table orders (no integer, review text)")

	err = kept.Transact(ctx, func(tx *sql.Tx, within *sqlite.Store) error {
		task, err := m.Hosted(within).As(shop.AgentID).Post(ctx, market.PostInput{Need: "Review order 7"})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "insert into orders values (7, ?)", string(task.TaskID))
		return err
	})

	var review market.TaskID
	_ = db.QueryRowContext(ctx, "select review from orders where no = 7").Scan(&review)
	task, _ := m.As(shop.AgentID).Task(ctx, review, 0)
	fmt.Println(err, task.Need, task.Status)
	// Output: <nil> Review order 7 posted
}
