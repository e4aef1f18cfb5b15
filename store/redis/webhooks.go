package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// LeaseWebhooks implements store.WebhookQueue.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	reply, err := s.run(ctx, leaseWebhooksScript, s.prefix(), micros(now), micros(until), limit)
	if err != nil {
		return nil, err
	}
	return decodeList(reply, func(v any) (store.WebhookJob, error) { return decodeJob(v, now) })
}

// decodeJob reads {"agent:seq", "attempts lease at event", profile}.
func decodeJob(v any, now time.Time) (store.WebhookJob, error) {
	agent, seq, _ := strings.Cut(text(at(v, 0)), ":")
	parts := strings.SplitN(text(at(v, 1)), " ", 3)
	if len(parts) < 3 {
		return store.WebhookJob{}, fmt.Errorf("redis: stored webhook delivery is damaged")
	}
	event, err := decodeEvent(store.AgentID(agent), integer(seq), parts[2])
	if err != nil {
		return store.WebhookJob{}, err
	}
	profile, err := unpackProfile(text(at(v, 2)))
	return store.WebhookJob{
		Event: event, URL: profile.WebhookURL, Secret: profile.WebhookSecret,
		OldSecret: profile.OldSecretAt(now), Attempts: int(number(parts[0])), Lease: number(parts[1]),
	}, err
}

// FinishWebhook implements store.WebhookQueue.
func (s *Store) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	how := "retry"
	switch {
	case out.Delivered:
		how = "done"
	case out.RetryAt.IsZero():
		how = "dead"
	}
	reply, err := s.run(ctx, finishWebhookScript, s.deliveryKeys(job.Event.Agent),
		deliveryName(job.Event.Agent, job.Event.Seq), job.Lease, how,
		micros(out.RetryAt), micros(out.At), deadName(job.Event.Seq), out.Error)
	return number(reply) == 1, err
}

func (s *Store) deliveryKeys(agent store.AgentID) []string {
	return []string{s.keys.hooks(), s.keys.jobs(), s.keys.deadOf(agent), s.keys.deadJobs(agent), s.keys.dead()}
}

func deliveryName(agent store.AgentID, seq int64) string { return string(agent) + ":" + decimal(seq) }

// deadName sorts as text in the order of the numbers.
func deadName(seq int64) string { return fmt.Sprintf("%016d", seq) }

// DeadWebhooks implements store.WebhookQueue.
func (s *Store) DeadWebhooks(ctx context.Context, q store.PageQuery) (store.DeadPage, error) {
	reply, err := s.run(ctx, deadWebhooksScript, s.prefix(), string(q.Agent), q.Limit, q.Offset)
	if err != nil {
		return store.DeadPage{}, err
	}
	page := store.DeadPage{Total: int(number(at(reply, 2)))}
	lines := list(at(reply, 1))
	for i, name := range texts[string](at(reply, 0)) {
		agent := q.Agent
		if colon := strings.LastIndexByte(name, ':'); agent == "" && colon >= 0 {
			agent, name = store.AgentID(name[:colon]), name[colon+1:]
		}
		dead, err := decodeDead(agent, name, text(at(lines, i)))
		if err != nil {
			return store.DeadPage{}, err
		}
		page.Dead = append(page.Dead, dead)
	}
	if q.Agent == "" {
		page.Total = min(page.Total, store.MaxDeadTotal)
	}
	return page, nil
}

// decodeDead reads "attempts failed length error", the error of that many
// bytes, and "at event" right after it.
func decodeDead(agent store.AgentID, name, line string) (store.DeadWebhook, error) {
	parts := strings.SplitN(line, " ", 4)
	if len(parts) < 4 {
		return store.DeadWebhook{}, fmt.Errorf("redis: stored dead webhook is damaged")
	}
	length, err := strconv.Atoi(parts[2])
	if err != nil || length < 0 || length > len(parts[3]) {
		return store.DeadWebhook{}, fmt.Errorf("redis: stored dead webhook is damaged")
	}
	event, err := decodeEvent(agent, number(name), parts[3][length:])
	return store.DeadWebhook{
		Event: event, Attempts: int(number(parts[0])), Error: parts[3][:length], FailedAt: fromMicros(parts[1]),
	}, err
}

// RedeliverWebhook implements store.WebhookQueue.
func (s *Store) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (bool, error) {
	reply, err := s.run(ctx, redeliverWebhookScript, s.deliveryKeys(agent), deliveryName(agent, seq), deadName(seq), micros(now))
	return number(reply) == 1, err
}
