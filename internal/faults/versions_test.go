package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/programtest"
)

// later are the flags that build the command as a next release could be: its schema has one more
// migration, its routines and their types have other names and another revision,
// and each of its scripts for Redis has another text. Everything else is the
// present program's.
func later(dir string) ([]string, error) {
	o := overlay{dir: dir, Replace: map[string]string{}}
	steps, err := filepath.Glob("../../store/postgres/migrations/*.sql")
	if err != nil {
		return nil, err
	}
	next := fmt.Sprintf("../../store/postgres/migrations/%04d_later.sql", len(steps)+1)
	if err := o.put(next, []byte(laterMigration)); err != nil {
		return nil, err
	}
	if err := o.edit("../../store/postgres", laterPostgres); err != nil {
		return nil, err
	}
	if err := o.edit("../../store/redis/lua", laterScript); err != nil {
		return nil, err
	}
	if !o.has("../../store/postgres/routines.go") {
		return nil, errors.New("routines.go says in another way which revision it has")
	}
	return o.flags()
}

const laterMigration = `alter table pinchwork.task add column later text;
create index task_later on pinchwork.task (later) where later is not null;
`

var (
	revisionLine = regexp.MustCompile(`(?m)^const routinesRevision = (\d+)$`)
	renamed      = regexp.MustCompile(`\b(put_ref|put_task|write_records|agent_now)\b`)
)

func laterPostgres(name string, text []byte) []byte {
	if strings.HasSuffix(name, "_test.go") {
		return text
	}
	text = revisionLine.ReplaceAllFunc(text, func(line []byte) []byte {
		n, _ := strconv.Atoi(string(revisionLine.FindSubmatch(line)[1]))
		return fmt.Appendf(nil, "const routinesRevision = %d", n+1)
	})
	return renamed.ReplaceAll(text, []byte("later_$1"))
}

func laterScript(_ string, text []byte) []byte {
	return append(text, "\n-- as a later release has it\n"...)
}

// overlay is what the go command reads instead of files (go help build).
type overlay struct {
	dir     string
	Replace map[string]string
}

// put gives a file of the sources another text.
func (o *overlay) put(path string, text []byte) error {
	real, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	o.Replace[real] = filepath.Join(o.dir, fmt.Sprint("file", len(o.Replace)))
	return os.WriteFile(o.Replace[real], text, 0o600)
}

func (o *overlay) has(path string) bool {
	real, err := filepath.Abs(path)
	return err == nil && o.Replace[real] != ""
}

// edit puts what edited makes of each file of a folder.
func (o *overlay) edit(folder string, edited func(name string, text []byte) []byte) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if next := edited(path, text); !bytes.Equal(next, text) {
			return o.put(path, next)
		}
		return nil
	})
}

func (o *overlay) flags() ([]string, error) {
	list, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(o.dir, "overlay.json")
	return []string{"-overlay", path}, os.WriteFile(path, list, 0o600)
}

// While replicas of one version are replaced by those of the next, both serve:
// what one of them began the other finishes, and no client sees that two versions
// are at work. Afterwards a replica of the older version starts again only where
// the newer has not changed the schema.
func TestAnUpgradeOneReplicaAfterTheOther(t *testing.T) {
	flags, err := later(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	program := programtest.Path(t, flags...)
	onEachDatabase(t, func(t *testing.T, d *database) {
		old := serve(t, d.url(d.addr))
		before := startLoad(t, old.url)
		before.progress(burst)
		next := serveBy(t, program, d.url(d.addr))
		both := startLoad(t, old.url, next.url)
		both.progress(2 * burst)
		before.progress(burst)
		before.verify(old.url)
		both.verify(next.url)
		for _, l := range []*load{before, both} {
			if failed := l.failed.seen(); len(failed) > 0 {
				t.Errorf("clients saw that two versions were at work: %v", failed)
			}
		}
		old.kill()
		switch restarted := old.starts(); {
		case d.kind == "redis" && !restarted:
			t.Errorf("the older version does not start on a key layout of its own:\n%s", old.log.String())
		case d.kind == "postgres" && restarted:
			t.Error("the older version starts on a schema that is newer than itself")
		case d.kind == "postgres" && !strings.Contains(old.log.String(), "the schema is newer than this program"):
			t.Errorf("the older version does not say why it does not start:\n%s", old.log.String())
		}
	})
}
