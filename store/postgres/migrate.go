package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Migration is one step of the schema.
type Migration struct {
	// Version counts from 1 without gaps.
	Version int
	// Name is the file's, without number and ending.
	Name string
	// AppliedAt is zero while the step is not applied.
	AppliedAt time.Time

	sql string
}

// Migrations returns the steps as SQL files, "0001_name.sql" and on, to be
// applied in this order by a tool of the host's. They are written for the schema
// "pinchwork", which has to exist; for another, put its name in the place of
// every "pinchwork.". A host that applies them itself opens its stores with
// WithoutMigrating and records each version in the table migration, as Migrate
// does:
//
//	create table pinchwork.migration (version int primary key, name text not null, applied_at timestamptz not null);
//
// After them come the Routines.
func Migrations() fs.FS {
	// The folder is embedded.
	files, _ := fs.Sub(migrationFiles, "migrations")
	return files
}

// Migrate brings the schema up to date, its routines included, and returns the steps that this
// call applied. All of them take effect or none; when several processes start at once, one
// migrates and the others wait. It returns ErrNewerSchema when a later version of this library
// has migrated the schema.
func Migrate(ctx context.Context, pool *pgxpool.Pool, opts ...Option) ([]Migration, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	var applied []Migration
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
		applied, err = o.migrateIn(ctx, tx)
		return err
	})
	if err != nil {
		return nil, failure("migrating", err)
	}
	return applied, nil
}

// MigrationStatus returns all steps that this version knows, applied or not.
func MigrationStatus(ctx context.Context, pool *pgxpool.Pool, opts ...Option) ([]Migration, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	done, err := o.applied(ctx, pool)
	if err != nil {
		return nil, failure("reading migrations", err)
	}
	steps := o.steps()
	for i := range steps {
		steps[i].AppliedAt = done[steps[i].Version]
	}
	return steps, nil
}

// prepareSchema migrates if it may and must.
func (o *options) prepareSchema(ctx context.Context, pool *pgxpool.Pool) (from, to int, err error) {
	done, err := o.applied(ctx, pool)
	if err != nil {
		return 0, 0, failure("reading migrations", err)
	}
	missing, err := o.missing(done)
	if err != nil {
		return 0, 0, err
	}
	var same bool
	if len(missing) == 0 {
		if same, err = o.routinesAre(ctx, pool); err != nil {
			return 0, 0, failure("reading the routines", err)
		}
	}
	switch {
	case same:
		return len(done), len(done), nil
	case !o.migrate && len(missing) > 0:
		return 0, 0, fmt.Errorf("postgres: schema %s lacks migration %d (%s)", o.quoted(), missing[0].Version, missing[0].Name)
	case !o.migrate:
		return 0, 0, fmt.Errorf("postgres: schema %s lacks the routines of revision %d", o.quoted(), routinesRevision)
	}
	// Another process may have been first, and then this one has applied nothing.
	applied, err := Migrate(ctx, pool, func(to *options) { *to = *o })
	all := len(done) + len(missing)
	return all - len(applied), all, err
}

// migrateIn applies what is missing. The lock belongs to the transaction.
func (o *options) migrateIn(ctx context.Context, tx pgx.Tx) ([]Migration, error) {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", o.lockKey()); err != nil {
		return nil, err
	}
	if err := o.createSchema(ctx, tx); err != nil {
		return nil, err
	}
	done, err := o.applied(ctx, tx)
	if err != nil {
		return nil, err
	}
	missing, err := o.missing(done)
	if err != nil {
		return nil, err
	}
	for i := range missing {
		if err := o.apply(ctx, tx, &missing[i]); err != nil {
			return nil, fmt.Errorf("%04d_%s: %w", missing[i].Version, missing[i].Name, err)
		}
	}
	return missing, o.makeRoutines(ctx, tx)
}

func (o *options) apply(ctx context.Context, tx pgx.Tx, m *Migration) error {
	// Without arguments, a file of several statements goes in one message.
	if _, err := tx.Conn().PgConn().Exec(ctx, m.sql).ReadAll(); err != nil {
		return err
	}
	return tx.QueryRow(ctx, "insert into "+o.quoted()+".migration (version, name, applied_at) "+
		"values ($1, $2, transaction_timestamp()) returning applied_at", m.Version, m.Name).Scan(&m.AppliedAt)
}

// createSchema asks first: a role may own a schema without the right to make one.
func (o *options) createSchema(ctx context.Context, tx pgx.Tx) error {
	var exists bool
	err := tx.QueryRow(ctx, "select exists (select from pg_namespace where nspname = $1)", o.schema).Scan(&exists)
	if err != nil {
		return err
	}
	if !exists {
		if _, err := tx.Exec(ctx, "create schema "+o.quoted()); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "create table if not exists "+o.quoted()+
		".migration (version int primary key, name text not null, applied_at timestamptz not null)")
	return err
}

// asked is a pool or a transaction.
type asked interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// applied returns when each version was applied; nothing without a schema.
func (o *options) applied(ctx context.Context, db asked) (map[int]time.Time, error) {
	done := make(map[int]time.Time)
	var exists bool
	err := db.QueryRow(ctx, "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace "+
		"where n.nspname = $1 and c.relname = 'migration')", o.schema).Scan(&exists)
	if err != nil || !exists {
		return done, err
	}
	rows, err := db.Query(ctx, "select version, applied_at from "+o.quoted()+".migration")
	if err != nil {
		return nil, err
	}
	var version int
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&version, &at}, func() error {
		done[version] = at.UTC()
		return nil
	})
	return done, err
}

// missing returns the steps that are not done.
func (o *options) missing(done map[int]time.Time) (missing []Migration, err error) {
	known := make(map[int]bool)
	for _, m := range o.steps() {
		known[m.Version] = true
		if _, applied := done[m.Version]; !applied {
			missing = append(missing, m)
		}
	}
	for version := range done {
		if !known[version] {
			return nil, fmt.Errorf("%w: schema %s has migration %d", ErrNewerSchema, o.quoted(), version)
		}
	}
	return missing, nil
}

// steps returns all migrations in order.
func (o *options) steps() (all []Migration) {
	// An embedded folder can always be read, and its names are checked by a test.
	files, _ := fs.ReadDir(migrationFiles, "migrations")
	for _, f := range files {
		text, _ := migrationFiles.ReadFile(path.Join("migrations", f.Name()))
		number, name, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".sql"), "_")
		version, _ := strconv.Atoi(number)
		all = append(all, Migration{Version: version, Name: name, sql: o.render(string(text))})
	}
	return all
}

func (o *options) lockKey() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("pinchwork migration of " + o.schema))
	return int64(h.Sum64())
}
