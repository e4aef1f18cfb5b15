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
	"sync"

	"github.com/jackc/pgx/v5"
)

// Routines are the functions, types and views of the schema. They hold no data, so
// they have no history: when their text differs from the schema's, all of them are
// re-created, in the transaction that migrates. Each revision has names of its own,
// so that replicas of the previous version keep working with theirs.

//go:embed routines/*.sql
var routineFiles embed.FS

// routinesRevision grows whenever the text of a routine changes: by it a program
// knows whether the schema's are older than its own, or newer.
const routinesRevision = 1

// created finds what a routine's file creates.
var created = regexp.MustCompile(`(?m)^create (?:function|view|type) pinchwork\.(\w+)`)

// writtenRoutines are the files in the order in which they can be run.
var writtenRoutines = sync.OnceValue(func() string {
	var text strings.Builder
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
	return text.String()
})

// revisionMark ends the name of each routine of this revision.
var revisionMark = fmt.Sprintf("_r%d", routinesRevision)

// routineNames find routines by the names that SQL files have for them: where one is
// used, and where a function qualifies a parameter of its own.
var routineNames = sync.OnceValue(func() (found struct{ used, qualifying *regexp.Regexp }) {
	var names []string
	for _, m := range created.FindAllStringSubmatch(writtenRoutines(), -1) {
		names = append(names, m[1])
	}
	one := strings.Join(names, "|")
	found.used = regexp.MustCompile(`\b(` + regexp.QuoteMeta(written) + `(?:` + one + `))\b`)
	found.qualifying = regexp.MustCompile(`\b(` + one + `)(\.\w)`)
	return found
})

// ofRevision names in SQL the routines of this revision.
func ofRevision(sql string) string {
	names := routineNames()
	sql = names.used.ReplaceAllString(sql, "${1}"+revisionMark)
	return names.qualifying.ReplaceAllString(sql, "${1}"+revisionMark+"${2}")
}

// madeRoutines is what Routines returns: the names are looked for once.
var madeRoutines = sync.OnceValue(func() string {
	text := ofRevision(writtenRoutines())
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf(dropRoutines, routinesRevision) + text +
		fmt.Sprintf(recordRoutines, routinesRevision, hex.EncodeToString(sum[:]))
})

// Routines returns SQL that re-creates all functions, types and views and records
// that in the table routines, for a host that applies Migrations with a tool of its
// own: to be run in one transaction after them, whenever it is another text than
// before. It leaves the routines of the revision before to replicas that still run
// with them, and drops older ones. Like the migrations it is written for the schema
// "pinchwork".
func Routines() string { return madeRoutines() }

// dropRoutines drops those of this revision, which had another text, and all but the
// newest of those before. Those that depend on others are dropped first.
const dropRoutines = `
do $$
declare
    mine constant int := %d;
    here constant oid := (select relnamespace from pg_class where oid = 'pinchwork.routines'::regclass);
    gone text[];
    one  text;
begin
    with routine (turn, made, what, revision) as (
        select 1, oid, 'function ' || oid::regprocedure, substring(proname::text from '_r(\d+)$')::int
        from pg_proc where pronamespace = here
        union all
        select case relkind when 'v' then 2 else 3 end, oid, case relkind when 'v' then 'view ' else 'type ' end || oid::regclass,
            substring(relname::text from '_r(\d+)$')::int
        from pg_class where relnamespace = here and relkind in ('v', 'c')
    )
    select array_agg(what order by turn, made desc) into gone from routine
    where revision = mine or revision < (select max(revision) from routine where revision < mine);
    foreach one in array coalesce(gone, '{}') loop
        execute 'drop ' || one;
    end loop;
end $$;
`

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
