package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Routines are the functions, types and views of the schema. They hold no data, so
// they have no history: when their text is another than the schema's, they are made
// anew, all of them, in the transaction that migrates.

//go:embed routines/*.sql
var routineFiles embed.FS

// routinesRevision grows whenever the text of a routine changes: by it a program
// knows whether the schema's are older than its own, or newer.
const routinesRevision = 1

// created finds what a routine's file creates.
var created = regexp.MustCompile(`(?m)^create (function|view|type) pinchwork\.(\w+)`)

// Routines returns SQL that makes all functions, types and views anew and records
// that in the table routines, for a host that applies Migrations with a tool of its
// own: to be run in one transaction after them, whenever it is another text than
// before. Like them it is written for the schema "pinchwork".
func Routines() string {
	var text, drops strings.Builder
	// An embedded folder can always be read.
	files, _ := fs.ReadDir(routineFiles, "routines")
	types, _ := routineFiles.ReadFile("routines/types.sql")
	text.Write(types)
	for _, f := range files {
		if f.Name() != "types.sql" {
			one, _ := routineFiles.ReadFile(path.Join("routines", f.Name()))
			text.Write(one)
		}
	}
	// What stands on others goes first.
	for _, kind := range []string{"function", "view", "type"} {
		for _, m := range created.FindAllStringSubmatch(text.String(), -1) {
			if m[1] == kind {
				fmt.Fprintf(&drops, "drop %s if exists pinchwork.%s;\n", kind, m[2])
			}
		}
	}
	sum := sha256.Sum256([]byte(text.String()))
	return drops.String() + text.String() + fmt.Sprintf(recordRoutines, routinesRevision, hex.EncodeToString(sum[:]))
}

const recordRoutines = `
insert into pinchwork.routines (revision, hash, made_at) values (%d, '%s', transaction_timestamp())
on conflict (single) do update set revision = excluded.revision, hash = excluded.hash, made_at = excluded.made_at;
`

// routinesHash tells the texts of routines apart.
func routinesHash() string {
	text := Routines()
	from := strings.LastIndex(text, ", '") + len(", '")
	return text[from : from+2*sha256.Size]
}

// routinesAre reports whether the schema has this program's routines. It fails when
// they are a later program's.
func (o *options) routinesAre(ctx context.Context, db asked) (bool, error) {
	var revision int
	var hash string
	err := db.QueryRow(ctx, "select coalesce(max(revision), 0), coalesce(max(hash), '') from "+o.quoted()+".routines").
		Scan(&revision, &hash)
	if err == nil && revision > routinesRevision {
		err = fmt.Errorf("%w: schema %s has routines of revision %d", ErrNewerSchema, o.quoted(), revision)
	}
	return hash == routinesHash(), err
}

func (o *options) makeRoutines(ctx context.Context, tx pgx.Tx) error {
	same, err := o.routinesAre(ctx, tx)
	if err != nil || same {
		return err
	}
	// Without arguments, a text of several statements goes in one message.
	if _, err := tx.Conn().PgConn().Exec(ctx, o.render(Routines())).ReadAll(); err != nil {
		return fmt.Errorf("routines: %w", err)
	}
	return nil
}
