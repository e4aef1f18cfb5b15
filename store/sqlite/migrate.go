package sqlite

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations
var migrationFiles embed.FS

// migrate brings the file to the version of this program, step by step in one
// transaction. The version stands in a table of ours: user_version is the host's.
func migrate(c *conn) (found, left int, err error) {
	steps, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return 0, 0, err
	}
	if found, err = version(c); err != nil || found == len(steps) {
		return found, found, err
	}
	if err := c.run("begin immediate"); err != nil {
		return 0, 0, err
	}
	return found, len(steps), c.end(upgrade(c, steps))
}

func upgrade(c *conn, steps []string) error {
	has, err := version(c)
	if err != nil {
		return err
	}
	if has > len(steps) {
		return fmt.Errorf("%w: it has version %d, and %d is the newest known", ErrNewerSchema, has, len(steps))
	}
	if err := c.db.Exec(`create table if not exists pinchwork_schema (
		single integer primary key check (single = 1), version integer not null) strict`); err != nil {
		return err
	}
	for _, step := range steps[has:] {
		text, err := fs.ReadFile(migrationFiles, step)
		if err != nil {
			return err
		}
		if err := c.db.Exec(string(text)); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return c.run("insert into pinchwork_schema values (1, ?1) on conflict do update set version = ?1", len(steps))
}

// version is 0 for a file without a marketplace.
func version(c *conn) (int, error) {
	there, err := c.has("select 1 from sqlite_schema where type = 'table' and name = 'pinchwork_schema'")
	if err != nil || !there {
		return 0, err
	}
	n, err := c.number("select version from pinchwork_schema")
	return int(n), err
}
