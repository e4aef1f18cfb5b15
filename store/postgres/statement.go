package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// readStatement chooses the name under which the call that commits is prepared:
// another routine, with parameters of other types, needs another name.
func (s *Store) readStatement(ctx context.Context) error {
	var number uint32
	if err := s.pool.QueryRow(ctx, s.sql["commit_number"], s.schema, "commit"+revisionMark).Scan(&number); err != nil {
		return err
	}
	name := fmt.Sprintf("pinchwork_commit_%d", number)
	s.statement.Store(&name)
	return nil
}

// made reports whether an error says that the routines were re-created since the call
// was prepared, and prepares the call again. If they are those of another version, it
// cannot help.
func (s *Store) made(ctx context.Context, err error) (bool, error) {
	var refused *pgconn.PgError
	if s.host != nil || !errors.As(err, &refused) {
		return false, err
	}
	switch refused.Code {
	case codeUndefinedFunction, codeUndefinedObject, codeInternal:
	default:
		return false, err
	}
	same, asked := s.routinesAre(ctx, s.pool)
	switch {
	case errors.Is(asked, ErrNewerSchema):
		return false, asked
	case asked != nil || !same:
		return false, err
	}
	if s.readStatement(ctx) != nil {
		return false, err
	}
	return true, nil
}
