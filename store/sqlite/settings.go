package sqlite

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// setting is what a connection is told, and must answer afterwards.
type setting struct{ name, value, answer string }

func (o *options) settings() []setting {
	// How long to wait for others comes first, since the others may have to.
	wait, pages := fmt.Sprint(o.callTimeout.Milliseconds()), fmt.Sprint(o.checkpoint)
	all := []setting{{"busy_timeout", wait, wait}, {"journal_mode", "wal", "wal"}, {"synchronous", "full", "2"}}
	if !o.durable {
		all[2] = setting{"synchronous", "off", "0"}
	}
	return append(all,
		setting{"wal_autocheckpoint", pages, pages},
		setting{"temp_store", "memory", "2"},
		setting{"cache_size", "-8000", "-8000"},
		setting{"trusted_schema", "off", "0"})
}

// uri names a file whatever its name holds.
func (o *options) uri(path string) string {
	// What lies beside the file holds the same secrets, and is for the same eyes.
	query := url.Values{"modeof": {path}}
	if o.vfs != "" {
		query.Set("vfs", o.vfs)
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: spaced(query.Encode())}).String()
}

// spaced writes spaces as SQLite reads them.
func spaced(query string) string { return strings.ReplaceAll(query, "+", "%20") }

// configureHost settles a connection whose transactions are a host's.
func (o *options) configureHost(db *sqlite3.Conn) error {
	c := newConn(db)
	defer c.forget()
	return o.configure(c)
}

// connect opens one more connection to the file, which exists.
func (o *options) connect(path string) (*conn, error) {
	db, err := sqlite3.OpenFlags(o.uri(path), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	c := newConn(db)
	if err := o.configure(c); err != nil {
		_ = c.close()
		return nil, err
	}
	return c, nil
}

// configure refuses a connection on which a setting did not take.
func (o *options) configure(c *conn) error {
	if readOnly, _ := c.db.ReadOnly("main"); readOnly {
		return ErrReadOnly
	}
	for _, s := range o.settings() {
		if err := c.set(s); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) set(s setting) error {
	if err := c.db.Exec("pragma " + s.name + " = " + s.value); err != nil {
		return fmt.Errorf("setting %s: %w", s.name, err)
	}
	var got string
	if _, err := c.one("pragma "+s.name, func(r row) error {
		got = r.ColumnText(0)
		return nil
	}); err != nil {
		return fmt.Errorf("reading %s: %w", s.name, err)
	}
	if got != s.answer {
		return fmt.Errorf("%s is %q and not %q: this file cannot be kept safely here", s.name, got, s.answer)
	}
	return nil
}
