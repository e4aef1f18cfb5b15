package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pinchwork/pinchwork/market"
)

// fieldsOf are the API's names of what flags give, where the flag's own name with
// underscores is not it.
var fieldsOf = map[string][]string{
	"after": {"Last-Event-ID"}, "claim-timeout": {"claim_timeout_minutes"}, "credits": {"max_credits", "credits_claimed"},
	"deadline": {"deadline_minutes"}, "idempotency-key": {"Idempotency-Key"}, "infra": {"accepts_system_tasks"},
	"meta": {"metadata"}, "open-after": {"open_after_minutes"}, "overlap": {"overlap_minutes"}, "review-timeout": {"review_timeout_minutes"},
}

// named is a refusal of the API with the names that the command line has for its fields.
// What a flag got wrong is wrong usage, whoever noticed it.
func named(cmd *cobra.Command, err error) error {
	refusal, is := errors.AsType[*market.Error](err)
	if !is || cmd == nil || outcomeUnknown(err) != nil {
		return err
	}
	words, wrong := refusal.Message, false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		for _, field := range append(fieldsOf[f.Name], strings.ReplaceAll(f.Name, "-", "_")) {
			if f.Changed || strings.ContainsAny(field, "_-") {
				words = flagged(words, field, f.Name)
			}
			wrong = wrong || f.Changed && within(refusal.Field, field)
		}
	})
	if words == refusal.Message {
		return err
	}
	err = renamed{strings.Replace(said(err), refusal.Message, words, 1), err}
	if wrong && errors.Is(err, market.ErrInvalid) {
		return usageError{err}
	}
	return err
}

// within reports whether a refusal's field is this one, or an element of it.
func within(refused, field string) bool {
	rest, is := strings.CutPrefix(refused, field)
	return is && (rest == "" || rest[0] == '[' || rest[0] == '.')
}

// flagged puts the flag's name where a message has the field's. A name that is a word of
// English too is the field's only at the beginning, and what is within a list is no flag's.
func flagged(message, field, flag string) string {
	if place := regexp.MustCompile(`^` + regexp.QuoteMeta(field) + `(\[\d+\])?: `); place.MatchString(message) {
		name := "--" + flag
		if strings.HasSuffix(field, "_minutes") && strings.Contains(message, ": must be ") {
			name += " (in minutes)"
		}
		message = place.ReplaceAllString(message, name+": ")
	}
	if !strings.ContainsAny(field, "_-") {
		return message
	}
	return regexp.MustCompile(`(^|[^.\w])`+regexp.QuoteMeta(field)+`\b`).ReplaceAllString(message, "${1}--"+flag)
}

// renamed is an error in other words.
type renamed struct {
	words string
	error
}

func (r renamed) Error() string { return r.words }
func (r renamed) Unwrap() error { return r.error }

// missing says which task or agent of the command line is not found, and what its id
// looks like when it is none.
func missing(cmd *cobra.Command, err error) string {
	refusal, is := errors.AsType[*market.Error](err)
	if !is || !errors.Is(refusal, market.ErrNotFound) || cmd == nil {
		return ""
	}
	for _, kind := range []struct{ argument, prefix, list string }{
		{"TASK", "tk-", "your tasks are listed by: pinchwork tasks mine"},
		{"AGENT", "ag-", "find it with: pinchwork agents --search NAME"},
		{"QUESTION", "qa-", "a task's are listed by: pinchwork questions TASK"},
	} {
		if !strings.HasPrefix(strings.ToUpper(refusal.Message), kind.argument) {
			continue
		}
		at := slices.IndexFunc(argumentNames(cmd), func(name string) bool { return strings.TrimSuffix(strings.Trim(name, "[]"), "-ID") == kind.argument })
		if given := cmd.Flags().Args(); at >= 0 && at < len(given) {
			if !strings.HasPrefix(given[at], kind.prefix) {
				return fmt.Sprintf("%q is no id: those begin with %s; %s", given[at], kind.prefix, kind.list)
			}
			return fmt.Sprintf("There is no %s, or you may not see it; %s", given[at], kind.list)
		}
	}
	return ""
}
