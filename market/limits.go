package market

import (
	"strings"
	"unicode"
	"unicode/utf8"
	"unique"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Sizes of inputs, in Unicode code points unless they count things (product
// document, "Input Limits"; contract §3, §5, §9). They are constants: only
// policies can be configured.
const (
	MaxName          = 200
	MaxGoodAt        = 2_000
	MaxNeed          = 50_000
	MaxContext       = 100_000
	MaxResult        = 500_000
	MaxTalkBytes     = 4 << 20 // of the questions, answers, messages and rejections of a task
	MaxReason        = 5_000   // also feedback, messages, answers and notes
	MaxQuestion      = 1_000
	MaxSearch        = 500
	MaxTerms         = 16 // words of a search
	MaxWebhookURL    = 2_000
	MaxWebhookSecret = 500
	MaxTag           = 50
	MaxTags          = 10 // of a task, and of a filter
	MaxAgentTags     = 20 // declared or extracted
	MaxCredits       = 100_000
	MaxGrant         = 1_000_000_000
	MaxMinutes       = 525_600
	MaxWaitSeconds   = 300
	MaxBatch         = 10
	MaxUnanswered    = 5 // questions per task
	MaxKey           = 255
	maxVerifications = 3
	maxMatched       = 20
	maxCandidates    = 200
	defaultCredits   = 50
	defaultBatch     = 5
)

// checkText enforces what holds for every text: valid UTF-8, no NUL, at most
// max code points.
func checkText(field, s string, max int) error {
	if !utf8.ValidString(s) {
		return invalid(field, "must be valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return invalid(field, "must not contain NUL characters")
	}
	if len(s) > max && utf8.RuneCountInString(s) > max {
		return invalid(field, "must be at most %d characters", max)
	}
	return nil
}

func showsNothing(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, blank) }

// checkRequired also refuses a text that is empty or blank.
func checkRequired(field, s string, max int) error {
	if strings.TrimFunc(s, showsNothing) == "" {
		return invalid(field, "is required and must not be blank")
	}
	return checkText(field, s, max)
}

func checkRange[N int | int64](field string, n, least, most N) error {
	if n < least || n > most {
		return invalid(field, "must be %d to %d", least, most)
	}
	return nil
}

func checkOptional[N int | int64](field string, n *N, least, most N) error {
	if n == nil {
		return nil
	}
	return checkRange(field, *n, least, most)
}

// validTag is [A-Za-z0-9_-]+, at most 50 characters.
func validTag(tag string) bool {
	if tag == "" || len(tag) > MaxTag {
		return false
	}
	for i := range len(tag) {
		c := tag[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !alnum && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// checkTags validates tags and folds duplicates that differ only by case,
// keeping the first spelling.
func checkTags(field string, tags []string, max int) ([]string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	if err := checkCount(field, tags, max); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		if !validTag(tag) {
			return nil, invalid(field, "each must be 1 to %d letters, digits, hyphens or underscores", MaxTag)
		}
		out = appendTag(out, tag)
	}
	return out, nil
}

// checkCount comes before all other work on a list: nobody knows how long it is.
func checkCount(field string, list []string, max int) error {
	if len(list) > max {
		return invalid(field, "at most %d", max)
	}
	return nil
}

func appendTag(tags []string, tag string) []string {
	for _, have := range tags {
		if strings.EqualFold(have, tag) {
			return tags
		}
	}
	// Many tasks have the same few tags: one copy of each is enough.
	return append(tags, unique.Make(tag).Value())
}

// usableTags keeps the valid ones of tags that an agent proposed.
func usableTags(tags []string, max int) []string {
	var out []string
	for _, tag := range tags {
		if validTag(tag) && len(out) < max {
			out = appendTag(out, tag)
		}
	}
	return out
}

// checkFilter validates a filter and folds its tags.
func checkFilter(f Filter) (Filter, error) {
	tags, err := checkTags("tags", f.Tags, MaxTags)
	if err != nil {
		return f, err
	}
	f.Tags = tags
	if err := checkText("search", f.Search, MaxSearch); err != nil {
		return f, err
	}
	switch n := len(text.Terms(f.Search)); {
	case n == 0:
		f.Search = ""
	case n > MaxTerms:
		return f, invalid("search", "must be at most %d words", MaxTerms)
	}
	return f, nil
}

// checkPage fills in the default limit.
func checkPage(p Page, byDefault, most int) (Page, error) {
	if p.Limit == 0 {
		p.Limit = byDefault
	}
	if p.Limit < 1 || p.Limit > most {
		return p, invalid("limit", "must be 1 to %d", most)
	}
	if p.Offset < 0 || p.Offset > MaxOffset {
		return p, invalid("offset", "must be 0 to %d", MaxOffset)
	}
	return p, nil
}

// MaxEventText bounds a text that an event repeats, in characters: whoever needs
// more reads it where it stands.
const MaxEventText = 500
