package postgres_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// heedless is a driver that takes any statement with any argument, and asks none.
type heedless struct{}

func (heedless) Connect(context.Context) (driver.Conn, error) { return heedless{}, nil }
func (heedless) Open(string) (driver.Conn, error)             { return heedless{}, nil }
func (heedless) Driver() driver.Driver                        { return heedless{} }
func (heedless) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (heedless) Begin() (driver.Tx, error)                    { return heedless{}, nil }
func (heedless) CheckNamedValue(*driver.NamedValue) error     { return nil }
func (heedless) Close() error                                 { return nil }
func (heedless) Commit() error                                { return nil }
func (heedless) Rollback() error                              { return nil }
func (heedless) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(0), nil
}

// A transaction that has ended, or is another driver's, is a failure and changes
// nothing: it is never taken for one in which all went well.
func TestSQLTransactionsThatAreNotTheStores(t *testing.T) {
	h := newHost(t)
	ada := h.Agent("ada")
	before := ada.Balance()
	other := sql.OpenDB(heedless{})
	t.Cleanup(func() { _ = other.Close() })
	for name, db := range map[string]*sql.DB{"ended": h.db, "of another driver": other} {
		tx, err := db.BeginTx(h.Ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if name == "ended" {
			h.end(tx.Rollback)
		}
		_, err = h.Market.Hosted(h.store.InSQLTx(tx)).As(ada.ID).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
		markettest.Refused(t, err, market.ErrUnavailable)
		_ = tx.Rollback()
	}
	if got := ada.Balance(); got != before {
		t.Errorf("the poster has %d, had %d", got, before)
	}
}
