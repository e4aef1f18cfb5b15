package rules_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// input wants a refusal of the field that says this, or none when it says nothing.
func input(t *testing.T, err error, says string) {
	t.Helper()
	if says == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	refused(t, err, rules.CodeInvalid, "f: "+says)
	same(t, refusal(t, err).Field, "f")
	if !errors.Is(err, rules.ErrInvalid) {
		t.Errorf("%v is no invalid input", err)
	}
}

func TestCheckText(t *testing.T) {
	const (
		blank = "is required and must not be blank"
		long  = "must be at most 3 characters"
	)
	for _, c := range []struct{ s, text, required string }{
		{"", "", blank},
		{"abc", "", ""},
		{"abcd", long, long},
		{"éééé", long, long},
		{"ééé", "", ""},
		{"é", "", ""},
		{"\xff", "must be valid UTF-8", "must be valid UTF-8"},
		{"a\x00b", "must not contain NUL characters", "must not contain NUL characters"},
		{"\x00", "must not contain NUL characters", "must not contain NUL characters"},
		{" \t\n", "", blank},
		{"\u200b", "", blank},
		{"\u2800\u3164", "", blank},
		{" a ", "", ""},
	} {
		t.Run(fmt.Sprintf("%q", c.s), func(t *testing.T) {
			input(t, rules.CheckText("f", c.s, 3), c.text)
			input(t, rules.CheckRequired("f", c.s, 3), c.required)
		})
	}
}

func TestCheckRange(t *testing.T) {
	for n, says := range map[int]string{1: "must be 2 to 4", 2: "", 3: "", 4: "", 5: "must be 2 to 4"} {
		input(t, rules.CheckRange("f", n, 2, 4), says)
		input(t, rules.CheckOptional("f", n, 2, 4), says)
	}
	input(t, rules.CheckOptional("f", 0, 2, 4), "")
}

func TestCheckMinutes(t *testing.T) {
	const says = "must be 1 to 525600 minutes"
	for d, whole := range map[time.Duration]time.Duration{
		0: 0, 1: time.Minute, time.Minute: time.Minute, time.Minute + 1: 2 * time.Minute, 525_600 * time.Minute: 525_600 * time.Minute,
	} {
		got, err := rules.CheckMinutes("f", d)
		input(t, err, "")
		if got != whole {
			t.Errorf("%s becomes %s, want %s", d, got, whole)
		}
	}
	for _, d := range []time.Duration{-1, -time.Minute, 525_600*time.Minute + 1, math.MaxInt64, math.MinInt64} {
		_, err := rules.CheckMinutes("f", d)
		input(t, err, says)
	}
}

func TestCheckWait(t *testing.T) {
	for d, says := range map[time.Duration]string{
		-1: "must be 0 to 300 seconds", 0: "", 300 * time.Second: "", 300*time.Second + 1: "must be 0 to 300 seconds",
	} {
		err := rules.CheckWait(d)
		if says == "" && err == nil {
			continue
		}
		var refusal *rules.Error
		if !errors.As(err, &refusal) || refusal.Field != "wait" || !strings.Contains(refusal.Message, says) {
			t.Errorf("%s: %v, want %q", d, err, says)
		}
	}
}

func TestCheckTags(t *testing.T) {
	const wrong = "each must be 1 to 50 letters (a-z, A-Z), digits, hyphens or underscores"
	long := strings.Repeat("x", 50)
	for _, c := range []struct {
		in, out []string
		says    string
	}{
		{nil, nil, ""},
		{[]string{}, nil, ""},
		{[]string{"a"}, []string{"a"}, ""},
		{[]string{"Go", "sql", "GO"}, []string{"Go", "sql"}, ""},
		{[]string{"0", "9", "a"}, []string{"0", "9", "a"}, ""},
		{[]string{"A", "z"}, []string{"A", "z"}, ""},
		{[]string{"a", "Z"}, []string{"a", "Z"}, ""},
		{[]string{"-", "_", long}, []string{"-", "_", long}, ""},
		{[]string{"a", "b", "c", "d"}, nil, "at most 3"},
		{[]string{"a", "a", "a", "a"}, nil, "at most 3"},
		{[]string{long + "x"}, nil, wrong},
		{[]string{"a", ""}, nil, wrong},
		{[]string{"/"}, nil, wrong},
		{[]string{":"}, nil, wrong},
		{[]string{"@"}, nil, wrong},
		{[]string{"["}, nil, wrong},
		{[]string{"`"}, nil, wrong},
		{[]string{"{"}, nil, wrong},
		{[]string{"aé"}, nil, wrong},
		{[]string{"ok", "a b"}, nil, wrong},
	} {
		t.Run(strings.Join(c.in, ","), func(t *testing.T) {
			out, err := rules.CheckTags("f", c.in, 3)
			if c.says == wrong {
				c.says += fmt.Sprintf(", which %q is not", c.in[len(c.in)-1])
			}
			input(t, err, c.says)
			same(t, out, c.out)
		})
	}
}

func TestCheckName(t *testing.T) {
	const (
		unseen   = "name: must not contain control, bidi or invisible characters, as U+%04X is"
		platform = "name: must not read as the platform's own"
	)
	for name, says := range map[string]string{
		"Ada":                    "",
		strings.Repeat("é", 200): "",
		strings.Repeat("é", 201): "name: must be at most 200 characters",
		" ":                      "name: is required and must not be blank",
		"a\nb":                   fmt.Sprintf(unseen, '\n'),
		"a\u200bb":               fmt.Sprintf(unseen, 0x200B),
		"a\u202eb":               fmt.Sprintf(unseen, 0x202E),
		"a\u2028b":               fmt.Sprintf(unseen, 0x2028),
		"a\u2029b":               fmt.Sprintf(unseen, 0x2029),
		"a\ue000b":               fmt.Sprintf(unseen, 0xE000),
		"a\u034fb":               fmt.Sprintf(unseen, 0x034F),
		"a\u1160b":               fmt.Sprintf(unseen, 0x1160),
		"a\u3164b":               fmt.Sprintf(unseen, 0x3164),
		"a\U000e0041b":           fmt.Sprintf(unseen, 0xE0041),
		"a\ufe0fb":               fmt.Sprintf(unseen, 0xFE0F),
		"\ufe0fb":                fmt.Sprintf(unseen, 0xFE0F),
		"♥\ufe0eb":               fmt.Sprintf(unseen, 0xFE0E),
		"I ♥\ufe0f Go":           "",
		"a ‼\ufe0f":              "",
		"↔\ufe0f":                "",
		"Pinchwork":              platform,
		"The Platform":           platform,
		"pinchwork-support":      platform,
		"P1NCHW0RK admin":        platform,
		"Ρіnchwоrk":              platform,
		"Pínchwórk":              platform,
		"pinchvvork":             platform,
		"pinchw0rk team":         platform,
		"PlatforM":               platform,
		"platforrn":              platform,
		"pinclnwork":             "",
		"pinchwork-fan":          "",
		"Support":                "",
		"my pinchwork":           "",
		"admin":                  "",
	} {
		t.Run(name, func(t *testing.T) {
			err := rules.CheckName(name)
			if says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			refused(t, err, rules.CodeInvalid, says)
			same(t, refusal(t, err).Field, "name")
		})
	}
}

// Every code is of one kind, and an error of it matches the kind and its cause.
func TestCodes(t *testing.T) {
	seen := map[rules.Code]bool{}
	for _, c := range rules.Codes() {
		if seen[c.Code] || c.Kind == nil || c.Meaning == "" {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
		if !errors.Is(c.Code.Kind(), c.Kind) || !errors.Is(rules.Refuse(c.Code, "no"), c.Kind) {
			t.Errorf("%s is of another kind", c.Code)
		}
	}
	rules.Codes()[0].Meaning = "another"
	if rules.Codes()[0].Meaning == "another" {
		t.Error("the table of codes can be changed from outside")
	}
	if rules.Code("unheard").Kind() != nil {
		t.Error("an unknown code has a kind")
	}
	cause := errors.New("cause")
	err := rules.Refuse(rules.CodeUnavailable, "%d", 7)
	if errors.Is(err, cause) || len(err.Unwrap()) != 1 || err.Error() != "7" {
		t.Errorf("%v wraps %v", err, err.Unwrap())
	}
	err.Cause = cause
	if !errors.Is(err, cause) || !errors.Is(err, rules.ErrUnavailable) || errors.Is(err, rules.ErrConflict) {
		t.Errorf("%v wraps %v", err, err.Unwrap())
	}
	if !errors.Is(rules.Refuse(rules.CodeSuspended, ""), rules.ErrForbidden) {
		t.Error("suspended is no kind of forbidden")
	}
}
