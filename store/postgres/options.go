package postgres

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

const (
	defaultSchema      = "pinchwork"
	defaultCallTimeout = 4 * time.Second
	maxIdentifier      = 63
)

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	schema      string
	callTimeout time.Duration
	migrate     bool
}

// WithSchema keeps the marketplace in the named schema; default "pinchwork". The
// schema is created if it is missing. A name is at most 63 bytes long and may
// hold anything but NUL: it is quoted everywhere.
func WithSchema(name string) Option { return func(o *options) { o.schema = name } }

// WithCallTimeout bounds each call of the store, waiting for a connection
// included; default 4 s.
func WithCallTimeout(d time.Duration) Option { return func(o *options) { o.callTimeout = d } }

// WithoutMigrating opens a store only if the schema is up to date, for a role
// that may not change it.
func WithoutMigrating() Option { return func(o *options) { o.migrate = false } }

func newOptions(opts []Option) (options, error) {
	o := options{schema: defaultSchema, callTimeout: defaultCallTimeout, migrate: true}
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	if o.callTimeout <= 0 {
		return o, errors.New("postgres: the call timeout must be positive")
	}
	return o, checkSchema(o.schema)
}

func checkSchema(name string) error {
	switch {
	case name == "" || len(name) > maxIdentifier:
		return fmt.Errorf("postgres: a schema's name has 1 to %d bytes, not %d", maxIdentifier, len(name))
	case !utf8.ValidString(name):
		return errors.New("postgres: the schema's name is not valid UTF-8")
	}
	for i := range len(name) {
		if name[i] == 0 {
			return errors.New("postgres: the schema's name holds a NUL character")
		}
	}
	return nil
}

// quoted is the schema as it stands in SQL.
func (o *options) quoted() string { return pgx.Identifier{o.schema}.Sanitize() }
