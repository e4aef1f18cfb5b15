package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// readStatement finds out what the call that commits is prepared as: under another
// name when the routine is another one, whose parameters are of other types.
func (s *Store) readStatement(ctx context.Context) error {
	var number uint32
	if err := s.pool.QueryRow(ctx, s.sql["commit_number"], s.schema, "commit"+revisionMark).Scan(&number); err != nil {
		return err
	}
	name := fmt.Sprintf("pinchwork_commit_%d", number)
	s.statement.Store(&name)
	return nil
}

// made reports whether an error says that routines were made anew since the call was
// prepared, and prepares for them then. When they are another program's, nothing helps.
func (s *Store) made(ctx context.Context, err error) (bool, error) {
	var refused *pgconn.PgError
	if s.tx != nil || !errors.As(err, &refused) {
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
