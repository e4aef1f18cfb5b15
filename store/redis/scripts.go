package redis

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by their SHA-1.
	_ "embed"
	"encoding/hex"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// The header of each script says what goes in and what comes out.
var (
	//go:embed lua/shared.lua
	sharedLua string
	//go:embed lua/commit.lua
	commitLua string
	//go:embed lua/load.lua
	loadLua string
	//go:embed lua/admit.lua
	admitLua string
	//go:embed lua/tasks_of.lua
	tasksOfLua string
	//go:embed lua/scan_tasks.lua
	scanTasksLua string
	//go:embed lua/scan_ended.lua
	scanEndedLua string
	//go:embed lua/scan_agents.lua
	scanAgentsLua string
	//go:embed lua/ledger.lua
	ledgerLua string
	//go:embed lua/stats.lua
	statsLua string
	//go:embed lua/trust.lua
	trustLua string
	//go:embed lua/events.lua
	eventsLua string
	//go:embed lua/event_log.lua
	eventLogLua string
	//go:embed lua/reports.lua
	reportsLua string
	//go:embed lua/feed.lua
	feedLua string
	//go:embed lua/due.lua
	dueLua string
	//go:embed lua/lease.lua
	leaseLua string
	//go:embed lua/lease_webhooks.lua
	leaseWebhooksLua string
	//go:embed lua/finish_webhook.lua
	finishWebhookLua string
	//go:embed lua/dead_webhooks.lua
	deadWebhooksLua string
	//go:embed lua/redeliver_webhook.lua
	redeliverWebhookLua string
	//go:embed lua/entries.lua
	entriesLua string
	//go:embed lua/prune_events.lua
	pruneEventsLua string
	//go:embed lua/prune_tasks.lua
	pruneTasksLua string
	//go:embed lua/prune_records.lua
	pruneRecordsLua string
	//go:embed lua/prune_feed.lua
	pruneFeedLua string
	//go:embed lua/prune_dead.lua
	pruneDeadLua string
)

// readingLua is prepended to each script that computes keys as it runs.
var readingLua = "local AGENT_FIELDS = { '" + strings.Join(agentFields, "', '") + "' }\n" + sharedLua

// Scripts that write are never sent twice by the client library: a commit whose
// reply was lost would be repeated and conflict with itself.
var (
	commitScript           = newScript(commitLua, true)
	loadScript             = newScript(readingLua+loadLua, false)
	admitScript            = newScript(readingLua+admitLua, true)
	tasksOfScript          = newScript(readingLua+tasksOfLua, false)
	scanTasksScript        = newScript(readingLua+scanTasksLua, false)
	scanEndedScript        = newScript(readingLua+scanEndedLua, false)
	scanAgentsScript       = newScript(readingLua+scanAgentsLua, false)
	ledgerScript           = newScript(readingLua+ledgerLua, false)
	statsScript            = newScript(readingLua+statsLua, false)
	trustScript            = newScript(readingLua+trustLua, false)
	eventsScript           = newScript(readingLua+eventsLua, false)
	eventLogScript         = newScript(readingLua+eventLogLua, false)
	reportsScript          = newScript(readingLua+reportsLua, false)
	feedScript             = newScript(feedLua, false)
	dueScript              = newScript(dueLua, false)
	leaseScript            = newScript(leaseLua, true)
	leaseWebhooksScript    = newScript(readingLua+leaseWebhooksLua, true)
	finishWebhookScript    = newScript(finishWebhookLua, true)
	deadWebhooksScript     = newScript(readingLua+deadWebhooksLua, false)
	redeliverWebhookScript = newScript(redeliverWebhookLua, true)
	entriesScript          = newScript(readingLua+entriesLua, false)
	pruneEventsScript      = newScript(readingLua+pruneEventsLua, true)
	pruneTasksScript       = newScript(readingLua+pruneTasksLua, true)
	pruneRecordsScript     = newScript(readingLua+pruneRecordsLua, true)
	pruneFeedScript        = newScript(pruneFeedLua, true)
	pruneDeadScript        = newScript(readingLua+pruneDeadLua, true)
)

// script is a Lua script and the digest by which a server that has seen it
// knows it.
type script struct {
	source, digest string
	writes         bool
}

func newScript(source string, writes bool) *script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return &script{source: source, digest: hex.EncodeToString(sum[:]), writes: writes}
}

// once is a command that the client library must not repeat on its own.
type once struct{ *goredis.Cmd }

// NoRetry tells the client library not to send the command again.
func (once) NoRetry() bool { return true }

// run calls the script in one round trip; in a second one with its source when
// the server does not know it, as after a restart.
func (s *Store) run(ctx context.Context, script *script, keys []string, args ...any) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	reply, err := s.eval(ctx, script.writes, "evalsha", script.digest, keys, args)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		reply, err = s.eval(ctx, script.writes, "eval", script.source, keys, args)
	}
	return reply, failed(err)
}

func (s *Store) eval(ctx context.Context, writes bool, name, what string, keys []string, args []any) (any, error) {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, name, what, strconv.Itoa(len(keys)))
	for _, key := range keys {
		all = append(all, key)
	}
	cmd := goredis.NewCmd(ctx, append(all, args...)...)
	if writes {
		_ = s.client.Process(ctx, once{cmd})
	} else {
		_ = s.client.Process(ctx, cmd)
	}
	return cmd.Result()
}
