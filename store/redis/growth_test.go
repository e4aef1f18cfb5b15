package redis_test

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// commands is how many commands the server has executed, those of scripts
// included, by its own count.
func (s *scale) commands() (n int64) {
	info := must(s.store.Client().Info(context.Background(), "commandstats").Result())
	for _, found := range regexp.MustCompile(`calls=(\d+)`).FindAllStringSubmatch(info, -1) {
		n += must(strconv.ParseInt(found[1], 10, 64))
	}
	return n
}

// costs is how many commands each kind of call makes the server execute.
func (s *scale) costs(t *testing.T) map[string]int64 {
	t.Helper()
	ctx, l := context.Background(), s.lane
	page := store.PageQuery{Agent: l.poster, Limit: 10, Now: start}
	costs := map[string]int64{}
	measure := func(name string, do func() error) {
		before := s.commands()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		costs[name] = s.commands() - before
	}
	var task *store.Task
	steps := map[string]func(){
		"post": func() { task = l.post() }, "claim": func() { task = l.claim(task) },
		"deliver": func() { l.deliver(task.ID) }, "approve": func() { l.approve(task.ID) },
	}
	for _, name := range []string{"post", "claim", "deliver", "approve"} {
		measure(name, func() error { steps[name](); return nil })
	}
	measure("load", func() error {
		_, err := s.store.Load(ctx, store.LoadQuery{Now: start, Caller: l.poster, Task: task.ID, Text: true, Trust: true, Role: true})
		return err
	})
	measure("tasks of", func() error {
		_, err := s.store.TasksOf(ctx, store.TasksQuery{Agent: l.poster, Limit: 10, Now: start})
		return err
	})
	measure("scan open tasks", func() error { _, err := s.store.ScanOpen(ctx, 100, 10); return err })
	measure("scan all tasks", func() error { _, err := s.store.ScanTasks(ctx, 100, 10); return err })
	measure("scan ended tasks", func() error { _, err := s.store.ScanEnded(ctx, 10, 0); return err })
	measure("due", func() error { _, err := s.store.Due(ctx, start, 10); return err })
	measure("ledger", func() error { _, err := s.store.Ledger(ctx, page); return err })
	measure("trust", func() error { _, err := s.store.TrustOf(ctx, page); return err })
	measure("entries", func() error { _, _, err := s.store.Entries(ctx, "", "", 10); return err })
	measure("events", func() error { _, err := s.store.Events(ctx, l.poster, 0, 10); return err })
	measure("feed", func() error { _, err := s.store.Feed(ctx, "", 10); return err })
	measure("admit", func() error {
		_, err := s.store.Admit(ctx, store.Admission{Key: new(market.APIKey("pwk-" + string(l.poster)).Digest()), Now: start})
		return err
	})
	measure("stats", func() error {
		_, err := s.store.Stats(ctx, store.StatsQuery{Agent: l.worker, Now: start, Since: []time.Time{start}})
		return err
	})
	measure("prune", func() error {
		_, err := s.store.Prune(ctx, store.PruneQuery{Now: start, EndedBefore: start.Add(time.Second), FeedBefore: start.Add(time.Second), Limit: 5})
		return err
	})
	return costs
}

// No call costs more because more is stored, by the server's own count of
// commands; the tasks are all of one poster and one worker.
func TestCostDoesNotGrowWithWhatIsStored(t *testing.T) {
	var costs [2]map[string]int64
	for i, tasks := range []int{200, 10_000} {
		s := &scale{tb: t, store: open(t, redistest.Start(t).URL())}
		s.lane = newLane(s.store, 0)
		s.fill([]*lane{s.lane}, tasks, (*lane).endedChange)
		s.fill([]*lane{s.lane}, tasks, (*lane).openChange)
		costs[i] = s.costs(t)
	}
	for name, small := range costs[0] {
		if large := costs[1][name]; large != small {
			t.Errorf("%s: %d commands with 200 tasks, %d with 10,000", name, small, large)
		}
	}
	t.Logf("commands: %v", costs[1])
}

//go:embed lua
var luaFiles embed.FS

// costly are commands that walk over all of a key, or of the database.
var costly = regexp.MustCompile(`'(KEYS|SCAN|SMEMBERS|HGETALL|HVALS|HKEYS|SORT|[SHZ]SCAN|Z?UNION|Z?INTER|[SZ](UNION|INTER|DIFF)(STORE)?)'|, 0, -1\)|'-', '\+'\)|'-inf', '\+inf'\)`)

// permitted are the places where the key belongs to one task or one agent.
var permitted = map[string]string{
	"load.lua:HGETALL":        "agents who trust the caller, when a profile's trust is asked for",
	"stats.lua:HGETALL":       "an agent's own tags",
	"scan_tasks.lua:HGETALL":  "roles on one task",
	"entries.lua:HVALS":       "entries of one task",
	"prune_tasks.lua:HVALS":   "reports on one task",
	"prune_tasks.lua:, 0, -1": "talk on one task",
	"commit.lua:, 0, -1":      "talk on one task, when it is dropped",
}

// Counting commands cannot see what a single command costs.
func TestNoScriptWalksOverEverything(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range must(fs.ReadDir(luaFiles, "lua")) {
		lines := bufio.NewScanner(strings.NewReader(string(must(luaFiles.ReadFile("lua/" + file.Name())))))
		for no := 1; lines.Scan(); no++ {
			code, _, _ := strings.Cut(lines.Text(), "--")
			found := costly.FindString(code)
			if found == "" {
				continue
			}
			place := fmt.Sprintf("%s:%s", file.Name(), strings.Trim(found, "')"))
			if seen[place] = true; permitted[place] == "" {
				t.Errorf("%s:%d walks over a whole key: %s", file.Name(), no, lines.Text())
			}
		}
	}
	for place := range permitted {
		if !seen[place] {
			t.Errorf("%s is permitted in vain", place)
		}
	}
}
