package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rowTypes are the numbers that the server has given to the types of rows
// (routines/types.sql).
type rowTypes struct {
	numbers map[string]uint32
	// statement is what the call that commits is prepared as: another one when the
	// types are others.
	statement string
}

func (s *Store) readRowTypes(ctx context.Context) error {
	types := &rowTypes{numbers: make(map[string]uint32, len(rowTypeNames))}
	marked := make([]string, len(rowTypeNames))
	for i, name := range rowTypeNames {
		marked[i] = name + revisionMark
	}
	rows, err := s.pool.Query(ctx, s.sql["types"], s.schema, marked)
	if err != nil {
		return err
	}
	var name string
	var number uint32
	_, err = pgx.ForEachRow(rows, []any{&name, &number}, func() error {
		types.numbers[strings.TrimSuffix(name, revisionMark)] = number
		return nil
	})
	types.statement = fmt.Sprintf("pinchwork_commit_%d", types.numbers[rowTypeNames[0]])
	s.rowTypes.Store(types)
	return err
}

// made reports whether an error says that routines were made anew since their types
// were read, and reads them then. When they are another program's, nothing helps.
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
	if s.readRowTypes(ctx) != nil {
		return false, err
	}
	return true, nil
}
