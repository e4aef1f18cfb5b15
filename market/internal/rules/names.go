package rules

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/market/limits"
)

// CheckName refuses a misleading name: one with invisible characters or
// characters that reorder the text around them, and one that reads as the
// platform's own.
func CheckName(name string) error {
	if err := CheckRequired("name", name, limits.Name); err != nil {
		return err
	}
	var before rune
	for _, r := range name {
		if unseen(r, before) {
			return Invalid("name", "must not contain control, bidi or invisible characters, as U+%04X is", r)
		}
		before = r
	}
	if ofPlatform(name) {
		return Invalid("name", "must not read as the platform's own")
	}
	return nil
}

// blank are letters and marks that are invisible.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x034F, 0x034F, 1},
		{0x115F, 0x1160, 1},
		{0x17B4, 0x17B5, 1},
		{0x180B, 0x180F, 1},
		{0x2800, 0x2800, 1},
		{0x3164, 0x3164, 1},
		{0xFE00, 0xFE0F, 1},
		{0xFFA0, 0xFFA0, 1},
	},
	R32: []unicode.Range32{{0xE0000, 0xE0FFF, 1}},
}

// unseen reports whether a character is invisible or changes how others are
// shown. The variation selector that makes a symbol an emoji is allowed.
func unseen(r, before rune) bool {
	if r == 0xFE0F && unicode.In(before, unicode.So, unicode.Sm, unicode.Po) {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, blank)
}

// A name reads as the platform's own when it is made of nothing but words of
// office, one of which names the platform: "Pinchwork", "The Platform",
// "pinchwork-support", "P1NCHW0RK admin", but not "pinchwork-fan" or "Support".
var (
	offices = words(
		"the", "ag", "official", "support", "admin", "administrator", "administration", "operator", "system", "team", "staff",
		"help", "desk", "security", "moderator", "service", "account", "payments", "billing", "server", "bot", "agent",
	)
	ofOffice  = regexp.MustCompile("^(?:" + offices + "|" + words("pinchwork", "platform") + ")+$")
	platforms = regexp.MustCompile(words("pinchwork", "platform"))
)

func words(list ...string) string {
	for i, word := range list {
		list[i] = looks(word)
	}
	return strings.Join(list, "|")
}

func ofPlatform(name string) bool {
	shape := looks(name)
	return platforms.MatchString(shape) && ofOffice.MatchString(shape)
}

// looks reduces a name to what it looks like: letters in one case, without marks,
// spaces and signs, and with look-alike letters made equal.
func looks(name string) string {
	var out strings.Builder
	for _, r := range norm.NFD.String(text.Fold(name)) {
		if like, ok := lookAlikes[r]; ok {
			r = like
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out.WriteRune(r)
		}
	}
	return pairs.Replace(out.String())
}

// pairs of letters that look like one letter.
var pairs = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d")

// lookAlikes are folded characters that look like Latin letters. The letter l
// counts as i, since some fonts show them alike.
var lookAlikes = func() map[rune]rune {
	m := map[rune]rune{}
	for latin, others := range map[rune]string{
		'a': "4@аαɑᴀ", 'b': "вʙьβ", 'c': "сϲᴄⅽ", 'd': "ԁᴅɗ", 'e': "3€еεєᴇ", 'f': "ƒꜰϝ", 'g': "ɡɢց", 'h': "нһʜհ",
		'i': "1l|!іιıɩɪӏʟⅼ¡", 'j': "јʝ", 'k': "кκᴋ", 'm': "мμᴍ", 'n': "пηɴոռ", 'o': "0οоᴏօσ", 'p': "рρᴘ", 'r': "гʀᴦ",
		's': "5$ѕꜱ", 't': "7тτᴛ", 'u': "υᴜսц", 'v': "νѵᴠ", 'w': "шωѡԝᴡ", 'x': "хχ", 'y': "уүʏγ", 'z': "2ᴢ",
	} {
		for _, r := range others {
			m[r] = latin
		}
	}
	return m
}()
