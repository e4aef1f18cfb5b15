package pgtest

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestDatabasesAreSeparate(t *testing.T) {
	a, b := connect(t, Start(t)), connect(t, Start(t))
	exec1(t, a, "create table only_here (n int)")
	var found bool
	err := b.QueryRow(context.Background(), "select to_regclass('only_here') is not null").Scan(&found)
	if err != nil || found {
		t.Fatalf("a table of another database: found %v, error %v", found, err)
	}
}

func TestKilledServerComesBackWithItsData(t *testing.T) {
	server := NewServer(t)
	conn := connect(t, server.URL())
	exec1(t, conn, "create table kept as select 7 as n")
	server.Kill()
	if err := conn.Ping(context.Background()); err == nil {
		t.Fatal("a killed server still answers")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := connect(t, server.URL()).QueryRow(context.Background(), "select n from kept").Scan(&n); err != nil || n != 7 {
		t.Fatalf("after the restart: %d, %v", n, err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec1(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}
