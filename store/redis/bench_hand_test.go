package redis_test

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store/redis"
)

// The four scripts of a marketplace written by hand, and what they share.
var (
	//go:embed testdata/hand/shared.lua
	handShared string
	//go:embed testdata/hand/post.lua
	handPost string
	//go:embed testdata/hand/claim.lua
	handClaim string
	//go:embed testdata/hand/deliver.lua
	handDeliver string
	//go:embed testdata/hand/approve.lua
	handApprove string
)

// BenchmarkHand compares lives of tasks (post, claim, deliver, approve: four
// commits) through the store with a marketplace written by hand, which keeps the
// same facts with one lean script a step (testdata/hand). Both take turns on one
// server, through the same client and its pool, and 100 posters and 100 workers
// meet at random. "always" has each commit on disk before it is answered (appendonly
// yes, appendfsync always: what the store recommends), "everysec" takes the disk
// out. The ratio is to be at least 0.7:
//
//	go test ./store/redis -run '^$' -benchtime 1x -bench Hand
//
// Beside the rates stand what one life takes of the server: time of its processor,
// commands of its scripts, bytes that it is sent and bytes of the append-only file.
//
// "keyed" is the same with an idempotency record in each commit, as clients of the
// HTTP API send them; the counterpart has none.
func BenchmarkHand(b *testing.B) {
	for _, fsync := range []string{"always", "everysec"} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/plain/clients=%d", fsync, clients), func(b *testing.B) { againstHand(b, fsync, clients, false) })
		}
	}
	b.Run("always/keyed/clients=8", func(b *testing.B) { againstHand(b, "always", 8, true) })
}

// turn is how long each side works before it is the other's turn.
const turn = 2 * time.Second

func againstHand(b *testing.B, fsync string, clients int, keyed bool) {
	server := redistest.Start(b, redistest.Durable(),
		redistest.With("appendfsync", fsync), redistest.With("auto-aof-rewrite-percentage", "0"))
	s := open(b, server.URL())
	for n := range storebench.Crowd {
		must(s.Commit(b.Context(), storebench.Registration(n, 1<<40)))
	}
	ours, theirs, hand := &storebench.Couples{}, &storebench.Couples{}, newHand(b, s)
	var costs, handCosts costs
	storebench.InTurn(b,
		func() float64 {
			return costs.measure(b, s.Client(), clients, func() error { return ours.Live(b.Context(), s, keyed) })
		},
		func() float64 {
			return handCosts.measure(b, s.Client(), clients, func() error { return hand.live(b.Context(), theirs.Meet()) })
		})
	costs.report(b, "")
	handCosts.report(b, "hand-")
}

// hand is the counterpart on the store's server.
type hand struct {
	client                        goredis.UniversalClient
	post, claim, deliver, approve *goredis.Script
}

func newHand(b *testing.B, s *redis.Store) *hand {
	b.Helper()
	script := func(step string) *goredis.Script { return goredis.NewScript(handShared + step) }
	h := &hand{
		client: s.Client(),
		post:   script(handPost), claim: script(handClaim), deliver: script(handDeliver), approve: script(handApprove),
	}
	for _, script := range []*goredis.Script{h.post, h.claim, h.deliver, h.approve} {
		if err := script.Load(b.Context(), h.client).Err(); err != nil {
			b.Fatal(err)
		}
	}
	for n := range storebench.Crowd {
		account := []any{"bal", 1 << 40, "x", 0, "h", 0}
		for _, counter := range strings.Fields("esc open posted done earn fees chg spent rs rc ev le") {
			account = append(account, counter, 0)
		}
		if err := h.client.HSet(b.Context(), handPrefix+"a:"+string(storebench.AgentID(n)), account...).Err(); err != nil {
			b.Fatal(err)
		}
	}
	return h
}

const handPrefix = "{hand}:"

// live is a whole life, with the arguments that the store's Changes have.
func (h *hand) live(ctx context.Context, m *storebench.Meeting) error {
	task, now := string(storebench.TaskID(m.N)), storebench.Epoch
	until, review := now.Add(72*time.Hour).UnixMicro(), now.Add(24*time.Hour).UnixMicro()
	tags, entry := strings.Join(storebench.Tags, " "), fmt.Sprintf("%016d", m.N)
	const longest = redis.DefaultFeedLength
	if _, err := h.run(ctx, h.post, task, string(m.Poster), storebench.Budget, tags, storebench.Need, storebench.Context,
		now.UnixMicro(), until, "le-e"+entry, longest).Int64(); err != nil {
		return err
	}
	if texts, err := h.run(ctx, h.claim, task, 1, string(m.Worker), now.UnixMicro(), until, 1<<30, longest).StringSlice(); err != nil || len(texts) != 2 {
		return fmt.Errorf("nobody claimed: %w", err)
	}
	if _, err := h.run(ctx, h.deliver, task, 2, string(m.Worker), storebench.Answer, now.UnixMicro(), review, storebench.Budget).Int64(); err != nil {
		return err
	}
	return m.Once(func(met int64) error {
		args := []any{task, 3, string(m.Poster), 5, now.UnixMicro(), 1, 0.55, met, "le-p" + entry, "le-f" + entry, longest}
		for _, tag := range storebench.Tags {
			args = append(args, tag)
		}
		_, err := h.run(ctx, h.approve, args...).Int64()
		return err
	})
}

func (h *hand) run(ctx context.Context, script *goredis.Script, args ...any) *goredis.Cmd {
	return script.EvalSha(ctx, h.client, []string{handPrefix}, args...)
}

// costs are what lives took of the server, by names of its INFO.
type costs struct {
	lives float64
	took  map[string]float64
}

func (c *costs) measure(b *testing.B, client goredis.UniversalClient, clients int, live func() error) float64 {
	b.Helper()
	before, began := infoOf(b, client), time.Now()
	rate := storebench.Rate(b, clients, turn, live)
	c.lives += rate * time.Since(began).Seconds()
	if c.took == nil {
		c.took = make(map[string]float64)
	}
	for name, n := range infoOf(b, client) {
		c.took[name] += n - before[name]
	}
	return rate
}

func (c *costs) report(b *testing.B, prefix string) {
	cpu := c.took["used_cpu_user"] + c.took["used_cpu_sys"]
	b.ReportMetric(cpu*1e6/c.lives, prefix+"cpu-µs/life")
	b.ReportMetric(c.took["calls"]/c.lives, prefix+"commands/life")
	b.ReportMetric(c.took["total_net_input_bytes"]/c.lives, prefix+"sent-bytes/life")
	b.ReportMetric(c.took["aof_current_size"]/c.lives, prefix+"aof-bytes/life")
}

// infoOf reads the numbers of INFO; "calls" are those of all commands together.
func infoOf(b *testing.B, client goredis.UniversalClient) map[string]float64 {
	b.Helper()
	numbers := make(map[string]float64)
	for line := range strings.Lines(must(client.Info(b.Context(), "everything").Result())) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if calls, ok := strings.CutPrefix(value, "calls="); ok && strings.HasPrefix(name, "cmdstat_") {
			calls, _, _ = strings.Cut(calls, ",")
			name, value = "calls", calls
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			numbers[name] += n
		}
	}
	return numbers
}
