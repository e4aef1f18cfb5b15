package postgres

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed queries/*.sql
var queryFiles embed.FS

//go:embed migrations/*.sql
var migrationFiles embed.FS

// written is how SQL files name the schema.
const written = "pinchwork."

// writtenQueries are the statements by the names of their files, without the headers,
// for this program's routines.
var writtenQueries = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	// An embedded folder can always be read.
	files, _ := fs.ReadDir(queryFiles, "queries")
	for _, f := range files {
		text, _ := queryFiles.ReadFile(path.Join("queries", f.Name()))
		all[strings.TrimSuffix(f.Name(), ".sql")] = ofRevision(withoutHeader(string(text)))
	}
	return all
})

// queries are those statements for the store's schema.
func (o *options) queries() map[string]string {
	all := make(map[string]string)
	for name, sql := range writtenQueries() {
		all[name] = o.render(sql)
	}
	return all
}

// render puts the schema's name into SQL that was written for the default. The
// name may hold what ends the literal or the function around it.
func (o *options) render(sql string) string {
	name := o.quoted() + "."
	return strings.NewReplacer(
		"'"+written, "'"+strings.ReplaceAll(name, "'", "''"),
		written, name,
		"$$", o.bodyMark(),
	).Replace(sql)
}

// bodyMark is what stands around the bodies of functions.
func (o *options) bodyMark() string {
	mark := "body"
	for strings.Contains(o.schema, "$"+mark+"$") {
		mark += "_"
	}
	return "$" + mark + "$"
}

func withoutHeader(sql string) string {
	for strings.HasPrefix(sql, "--") {
		_, sql, _ = strings.Cut(sql, "\n")
	}
	return strings.TrimSpace(sql)
}
