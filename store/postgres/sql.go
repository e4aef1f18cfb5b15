package postgres

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed queries/*.sql
var queryFiles embed.FS

//go:embed migrations/*.sql
var migrationFiles embed.FS

// written is how SQL files name the schema.
const written = "pinchwork."

// queries returns the statements by the names of their files, without the
// headers, for the store's schema.
func (o *options) queries() map[string]string {
	all := make(map[string]string)
	// An embedded folder can always be read.
	files, _ := fs.ReadDir(queryFiles, "queries")
	for _, f := range files {
		text, _ := queryFiles.ReadFile(path.Join("queries", f.Name()))
		all[strings.TrimSuffix(f.Name(), ".sql")] = o.render(withoutHeader(string(text)))
	}
	return all
}

// render puts the schema's name into SQL that was written for the default.
func (o *options) render(sql string) string {
	return strings.ReplaceAll(sql, written, o.quoted()+".")
}

func withoutHeader(sql string) string {
	for strings.HasPrefix(sql, "--") {
		_, sql, _ = strings.Cut(sql, "\n")
	}
	return strings.TrimSpace(sql)
}
