package rules

import (
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
	"unique"

	"github.com/pinchwork/pinchwork/market/limits"
)

// Bounds of what the platform does, and defaults. The sizes of inputs are in package
// limits.
const (
	maxVerifications = 3
	maxMatched       = 20
	MaxCandidates    = 200
	DefaultCredits   = 50
	DefaultBatch     = 5
)

// CheckText enforces what holds for every text: valid UTF-8, no NUL, at most
// max code points.
func CheckText(field, s string, max int) error {
	if !utf8.ValidString(s) {
		return Invalid(field, "must be valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return Invalid(field, "must not contain NUL characters")
	}
	if len(s) > max && utf8.RuneCountInString(s) > max {
		return Invalid(field, "must be at most %d characters", max)
	}
	return nil
}

func showsNothing(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, blank) }

// CheckRequired also refuses a text that is empty or blank.
func CheckRequired(field, s string, max int) error {
	if strings.TrimFunc(s, showsNothing) == "" {
		return Invalid(field, "is required and must not be blank")
	}
	return CheckText(field, s, max)
}

// CheckRange refuses a number below least or above most.
func CheckRange[N int | int64](field string, n, least, most N) error {
	if n < least || n > most {
		return Invalid(field, "must be %d to %d", least, most)
	}
	return nil
}

// CheckOptional is CheckRange for a number that may be left out, which 0 says.
func CheckOptional[N int | int64](field string, n, least, most N) error {
	if n == 0 {
		return nil
	}
	return CheckRange(field, n, least, most)
}

// CheckMinutes returns d rounded up to whole minutes, which must be from one to
// limits.Minutes; 0 is a time that was left out.
func CheckMinutes(field string, d time.Duration) (time.Duration, error) {
	if d < 0 || d > limits.Minutes*time.Minute {
		return 0, Invalid(field, "must be 1 to %d minutes", limits.Minutes)
	}
	return (d + time.Minute - 1).Truncate(time.Minute), nil
}

// CheckWait refuses to wait longer than anybody may.
func CheckWait(d time.Duration) error {
	if d < 0 || d > limits.WaitSeconds*time.Second {
		return Invalid("wait", "must be 0 to %d seconds", limits.WaitSeconds)
	}
	return nil
}

// validTag is [A-Za-z0-9_-]+, at most 50 characters.
func validTag(tag string) bool {
	return len(tag) <= limits.Tag && isWord(tag)
}

// isWord says that s is made of ASCII letters, digits, hyphens and underscores.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !alnum && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// CheckTags validates tags and folds duplicates that differ only by case,
// keeping the first spelling.
func CheckTags(field string, tags []string, max int) ([]string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	if err := CheckCount(field, tags, max); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		if !validTag(tag) {
			shown := []rune(tag)
			return nil, Invalid(field, "each must be 1 to %d letters (a-z, A-Z), digits, hyphens or underscores, which %q is not", limits.Tag, string(shown[:min(len(shown), limits.Tag+1)]))
		}
		out = appendTag(out, tag)
	}
	return out, nil
}

// CheckMetadata returns a copy of what a task is labelled with, nil for nothing. A
// key is like a tag and may hold dots: so it fits into a query and a flag.
func CheckMetadata(m map[string]string) (map[string]string, error) {
	const field = "metadata"
	if len(m) > limits.Metadata {
		return nil, Invalid(field, "at most %d", limits.Metadata)
	}
	if len(m) == 0 {
		return nil, nil
	}
	for key, value := range m {
		if len(key) > limits.MetadataKey || !isWord(strings.ReplaceAll(key, ".", "_")) {
			return nil, Invalid(field, "each key must be 1 to %d letters, digits, dots, hyphens or underscores", limits.MetadataKey)
		}
		if err := CheckText(field, value, limits.MetadataValue); err != nil {
			return nil, err
		}
	}
	return maps.Clone(m), nil
}

// CheckCount comes before all other work on a list, which may be of any length.
func CheckCount(field string, list []string, max int) error {
	if len(list) > max {
		return Invalid(field, "at most %d", max)
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

// usableTags keeps those of the proposed tags that are valid.
func usableTags(tags []string, max int) []string {
	var out []string
	for _, tag := range tags {
		if validTag(tag) && len(out) < max {
			out = appendTag(out, tag)
		}
	}
	return out
}
