package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// durability holds the server's settings as it reported them at the start.
// Settings that it would not report are "".
type durability struct {
	known                                     bool
	appendOnly, appendFsync, save, policy, mm string
}

// readDurability asks for the settings that decide what survives a crash.
// Managed servers often forbid the question; then nothing is known.
func (s *Store) readDurability(ctx context.Context) error {
	s.durability = durability{}
	settings := map[string]string{}
	for _, name := range []string{"appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy"} {
		values, err := s.client.ConfigGet(ctx, name).Result()
		if err != nil {
			if refused(err) {
				break
			}
			return failed(err)
		}
		settings[name] = values[name]
	}
	s.durability = durability{
		known: settings["appendonly"] != "", appendOnly: settings["appendonly"], appendFsync: settings["appendfsync"],
		save: settings["save"], policy: settings["maxmemory-policy"], mm: settings["maxmemory"],
	}
	return s.judgeDurability(ctx)
}

// refused reports whether the server was reached and only refuses this command.
func refused(err error) bool {
	var reply goredis.Error
	return errors.As(err, &reply) && !errors.Is(err, goredis.ErrClosed)
}

func (s *Store) judgeDurability(ctx context.Context) error {
	d := s.durability
	if s.requireAOF && d.appendOnly != "yes" {
		return fmt.Errorf("redis: appendonly yes is required: %s", d)
	}
	if s.requireAOF && d.evicts() {
		return fmt.Errorf("redis: maxmemory-policy noeviction is required: %s", d)
	}
	if d.appendOnly != "yes" || d.appendFsync != "always" {
		s.log.WarnContext(ctx, "redis can lose acknowledged changes", "namespace", s.namespace, "durability", d.String())
	}
	if d.evicts() {
		s.log.ErrorContext(ctx, "redis may delete credits when its memory is full: set maxmemory-policy noeviction",
			"namespace", s.namespace, "maxmemory-policy", d.policy)
	}
	return nil
}

// Durability says, in a sentence or two for the operator, what a crash of the
// server can lose with the settings that it had when the Store was made.
func (s *Store) Durability() string { return s.durability.String() }

// String is the text of Store.Durability.
func (d durability) String() string {
	var said string
	switch {
	case !d.known:
		said = "The server does not tell its settings. What a crash can lose is unknown: with appendonly yes and appendfsync always nothing that was acknowledged."
	case d.appendOnly == "yes" && d.appendFsync == "always":
		said = "Appendonly yes, appendfsync always: a crash loses nothing that was acknowledged. A failover to a replica can."
	case d.appendOnly == "yes" && d.appendFsync == "no":
		said = "Appendonly yes, appendfsync no: a crash of the machine can lose what the operating system had not yet written, often 30 seconds; one of the server alone loses nothing."
	case d.appendOnly == "yes":
		said = "Appendonly yes, appendfsync everysec: a crash of the machine can lose the last second or two; one of the server alone loses nothing."
	case strings.TrimSpace(d.save) != "":
		said = fmt.Sprintf("Appendonly no, snapshots only (save %q): a crash loses everything since the last snapshot, which may be minutes. Set appendonly yes.", d.save)
	default:
		said = "Appendonly no, no snapshots: nothing outlives the server process. Set appendonly yes."
	}
	if d.evicts() {
		said += fmt.Sprintf(" Maxmemory-policy %s deletes data when the memory is full: set noeviction.", d.policy)
	}
	return said
}

// evicts reports whether a full memory makes the server delete our keys, which
// never have an expiry, so that volatile policies spare them.
func (d durability) evicts() bool {
	return strings.HasPrefix(d.policy, "allkeys-") && d.mm != "0"
}
