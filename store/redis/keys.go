package redis

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// keyspace is the prefix of all keys of one marketplace: its namespace as a
// hash tag. The layout of keys below is version 1 (layoutVersion).
type keyspace string

func newKeyspace(namespace string) keyspace { return keyspace("{" + namespace + "}:") }

func (k keyspace) name(parts ...string) string {
	return string(k) + strings.Join(parts, ":")
}

// Single keys.

// layout holds the version of the key layout.
func (k keyspace) layout() string { return string(k) + "layout" }

// counters is a hash of the last numbers assigned: task, entry, report, feed,
// lease, event.
func (k keyspace) counters() string { return string(k) + "counters" }

// Only scripts name "entries", a stream of all ledger entries under their numbers,
// and "events", a stream that names each agent's events, as agent and number, under
// their numbers in the log of all.

// feed is the capped stream of feed items under their numbers.
func (k keyspace) feed() string { return string(k) + "feed" }

// hooks is a zset of webhook deliveries ("agent:seq") by the time they are due.
func (k keyspace) hooks() string { return string(k) + "hooks" }

// jobs is a hash of webhook deliveries: "attempts lease at event".
func (k keyspace) jobs() string { return string(k) + "jobs" }

// apiKeys is a hash from key digest to agent, whose own hash says which of its keys
// count.
func (k keyspace) apiKeys() string { return string(k) + "keys" }

// externals is a hash from external id to agent.
func (k keyspace) externals() string { return string(k) + "externals" }

// agents is a zset of all agents with score 0, for walking in order of ids.
func (k keyspace) agents() string { return string(k) + "agents" }

// tasks is a zset of all tasks by Seq, open of the posted ones alone.
func (k keyspace) tasks() string { return string(k) + "tasks" }
func (k keyspace) open() string  { return string(k) + "open" }

// due is a zset of tasks by NextDue, ended one of ended tasks by Ending.At.
func (k keyspace) due() string   { return string(k) + "due" }
func (k keyspace) ended() string { return string(k) + "ended" }

// totals is a hash of the number of tasks by status, of escrow, of what the platform's
// account took part in by kind, which is whole if its field "whole" is there, and of the
// sealed tasks by status, which are if "sealed" is.
func (k keyspace) totals() string { return string(k) + "totals" }

// records is a zset of idempotency records by the time they expire.
func (k keyspace) records() string { return string(k) + "records" }

// dead is a zset of all dead letters by FailedAt, for pruning.
func (k keyspace) dead() string { return string(k) + "dead" }

// Keys of an agent.

// agent is a hash: profile p, its version v, suspended x, hooked h and callable c
// as 0 or 1, digests k of the key and ko of the key before, which counts until ku,
// strikes st, system pay sp, and the counters of the account.
func (k keyspace) agent(id store.AgentID) string { return string(k) + "a:" + string(id) }

// ledger is a list of the numbers of the agent's entries, oldest first.
func (k keyspace) ledger(id store.AgentID) string { return string(k) + "l:" + string(id) }

// earnings is a zset "seq:earned" by the entry's At. It holds only the entries
// that no later entry predates, so that the last one up to an instant is the
// answer of Stats for that instant.
func (k keyspace) earnings(id store.AgentID) string { return string(k) + "y:" + string(id) }

// events is a list of the agent's events, "at event", oldest first; the last
// one has the number ev of the agent.
func (k keyspace) events(id store.AgentID) string { return string(k) + "e:" + string(id) }

// tags is a hash of statistics: c:tag count, e:tag earned, s:tag rating sum,
// n:tag rating count.
func (k keyspace) tags(id store.AgentID) string { return string(k) + "g:" + string(id) }

// trust is a hash of pairs "interactions score at" by trusted agent, trusted
// the same by trusting agent, ranking a zset of trusted agents by −score.
func (k keyspace) trust(from store.AgentID) string   { return string(k) + "tf:" + string(from) }
func (k keyspace) trusted(to store.AgentID) string   { return string(k) + "tt:" + string(to) }
func (k keyspace) ranking(from store.AgentID) string { return string(k) + "tr:" + string(from) }

// dueOf is a zset of the tasks that the agent is a party of, by NextDue.
func (k keyspace) dueOf(id store.AgentID) string { return string(k) + "d:" + string(id) }

// partyTasks is a zset, by Seq, of the tasks in a status that an agent posted
// (role p) or works or worked on (role w).
func (k keyspace) partyTasks(id store.AgentID, role string, status store.Status) string {
	return k.name("o", string(id), role, string(status))
}

// deadOf is a zset of the agent's dead letters (16 digits of seq) by FailedAt,
// deadJobs a hash of them.
func (k keyspace) deadOf(id store.AgentID) string   { return string(k) + "x:" + string(id) }
func (k keyspace) deadJobs(id store.AgentID) string { return string(k) + "xj:" + string(id) }

// Keys of a task.

// task is a hash: document d, version v, number n, references x (see
// references), need, context, unanswered questions q, bytes of talk tb, and
// results r1, r2, …
func (k keyspace) task(id store.TaskID) string { return string(k) + "t:" + string(id) }

// roles is a hash from agent to its role on the task; under "l:agent" it has
// the agent's lapse.
func (k keyspace) roles(id store.TaskID) string { return string(k) + "r:" + string(id) }

// transfers is a hash from kind to the number of the task's entry.
func (k keyspace) transfers(id store.TaskID) string { return string(k) + "m:" + string(id) }

// taskQuestions is a list of ids, oldest first; question a hash: document d,
// answer a, answered s as 0 or 1.
func (k keyspace) taskQuestions(id store.TaskID) string { return string(k) + "tq:" + string(id) }
func (k keyspace) question(id store.QuestionID) string  { return string(k) + "q:" + string(id) }

// taskMessages is a list of "id worker", oldest first; claimMessages a list of
// the ids of those under the claims of one worker; message a string.
func (k keyspace) taskMessages(id store.TaskID) string { return string(k) + "tm:" + string(id) }

func (k keyspace) claimMessages(id store.TaskID, worker store.AgentID) string {
	return k.name("tm", string(id), string(worker))
}
func (k keyspace) message(id store.MessageID) string { return string(k) + "msg:" + string(id) }

// taskReports is a hash from reporter to report; report a hash: document d,
// resolution r, status s, number n; reports a zset of those in a status, or of
// all for "", by number.
func (k keyspace) taskReports(id store.TaskID) string  { return string(k) + "tp:" + string(id) }
func (k keyspace) report(id store.ReportID) string     { return string(k) + "rp:" + string(id) }
func (k keyspace) reports(s store.ReportStatus) string { return string(k) + "rs:" + string(s) }

// Other keys.

// record is a string "expires document".
func (k keyspace) record(id store.IdempotencyID) string { return string(k) + "i:" + recordName(id) }

// recordName keeps the arbitrary bytes of a client's idempotency key out of
// Redis keys.
func recordName(id store.IdempotencyID) string {
	h := sha256.New()
	for _, part := range []string{string(id.Caller), id.Operation, id.Key} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// lease is a string "until holder".
func (k keyspace) lease(name string) string { return string(k) + "lease:" + name }

// channel is where the programs of this marketplace wake each other.
func (k keyspace) channel() string { return string(k) + "wake" }
