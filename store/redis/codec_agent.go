package redis

import (
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

func packProfile(a *store.Profile) string {
	p := newPacker()
	put(p, "id", a.ID)
	p.number("v", a.Version)
	put(p, "n", a.Name)
	put(p, "g", a.GoodAt)
	putAll(p, "t", a.Tags)
	putAll(p, "xt", a.ExtractedTags)
	p.flag("sy", a.AcceptsSystemTasks)
	p.flag("ap", a.Appointed)
	put(p, "wu", a.WebhookURL)
	put(p, "ws", a.WebhookSecret)
	put(p, "wo", a.OldWebhookSecret)
	p.instant("wx", a.OldSecretUntil)
	p.flag("su", a.Suspended)
	put(p, "sr", a.SuspendReason)
	put(p, "ex", a.Extraction)
	p.instant("xa", a.ExtractedAt)
	put(p, "xo", a.ExtractionOf)
	put(p, "xi", a.ExternalID)
	p.instant("ku", a.OldKeyUntil)
	p.instant("km", a.KeyMadeAt)
	putAll(p, "wf", a.WorkedFor)
	p.instant("c", a.CreatedAt)
	return p.String()
}

func unpackProfile(doc string) (a store.Profile, err error) {
	err = unpack(doc, func(name, value string) {
		switch name {
		case "id":
			a.ID = store.AgentID(value)
		case "v":
			a.Version = integer(value)
		case "n":
			a.Name = value
		case "g":
			a.GoodAt = value
		case "t":
			a.Tags = append(a.Tags, value)
		case "xt":
			a.ExtractedTags = append(a.ExtractedTags, value)
		case "sy":
			a.AcceptsSystemTasks = true
		case "ap":
			a.Appointed = true
		case "wu":
			a.WebhookURL = value
		case "ws":
			a.WebhookSecret = value
		case "wo":
			a.OldWebhookSecret = value
		case "wx":
			a.OldSecretUntil = unpackInstant(value)
		case "su":
			a.Suspended = true
		case "sr":
			a.SuspendReason = value
		case "ex":
			a.Extraction = store.TaskID(value)
		case "xa":
			a.ExtractedAt = unpackInstant(value)
		case "xo":
			a.ExtractionOf = value
		case "xi":
			a.ExternalID = value
		case "ku":
			a.OldKeyUntil = unpackInstant(value)
		case "km":
			a.KeyMadeAt = unpackInstant(value)
		case "wf":
			a.WorkedFor = append(a.WorkedFor, store.AgentID(value))
		case "c":
			a.CreatedAt = unpackInstant(value)
		}
	})
	return a, err
}

// agentFields are the fields of an agent's hash in the order in which scripts
// and pipelines return them.
var agentFields = []string{
	"p", "st", "bal", "esc", "open", "posted", "done", "rs", "rc",
	"earn", "fees", "chg", "spent", "rej", "ev", "le",
	"apr", "rjd", "fb", "tb", "sp",
}

// decodeAgent reads the values of agentFields; nil when there is no agent.
func decodeAgent(v any) (*store.Agent, error) {
	f, _ := v.([]any)
	if len(f) < len(agentFields) || f[0] == nil {
		return nil, nil
	}
	profile, err := unpackProfile(text(f[0]))
	if err != nil {
		return nil, err
	}
	return &store.Agent{Profile: profile, Account: store.Account{
		Strikes: decodeStrikes(text(f[1])),
		Balance: number(f[2]), Escrowed: number(f[3]), OpenClaims: number(f[4]),
		Posted: number(f[5]), Completed: number(f[6]), RatingSum: number(f[7]), RatingCount: number(f[8]),
		Earned: number(f[9]), Fees: number(f[10]), Charged: number(f[11]), Spent: number(f[12]),
		Rejected: number(f[13]), EventSeq: number(f[14]), LedgerSeq: number(f[15]),
		Approvals: number(f[16]), Rejections: number(f[17]), FeesBrought: number(f[18]), TextBytes: number(f[19]),
		SystemPay: decodeSystemPay(text(f[20])),
	}}, nil
}

// encodeStrikes gives "" for none, else "count blockedUntil".
func encodeStrikes(s store.Strikes) string {
	if s.Count == 0 && s.BlockedUntil.IsZero() {
		return ""
	}
	return strconv.Itoa(s.Count) + " " + micros(s.BlockedUntil)
}

func decodeStrikes(s string) store.Strikes {
	count, until, ok := strings.Cut(s, " ")
	if !ok {
		return store.Strikes{}
	}
	return store.Strikes{Count: int(integer(count)), BlockedUntil: fromMicros(until)}
}

// encodeSystemPay gives "" for nothing, else "pending at credits fees at …": the
// same text for the same value, which the commit script compares.
func encodeSystemPay(s store.SystemPay) string {
	if s.Pending == 0 && len(s.Paid) == 0 {
		return ""
	}
	out := strconv.AppendInt(nil, s.Pending, 10)
	for i := range s.Paid {
		paid := &s.Paid[i]
		for _, n := range []int64{paid.At.UnixMicro(), paid.Credits, paid.Fees} {
			out = strconv.AppendInt(append(out, ' '), n, 10)
		}
	}
	return string(out)
}

func decodeSystemPay(s string) (pay store.SystemPay) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return pay
	}
	pay.Pending = integer(words[0])
	for f := words[1:]; len(f) >= 3; f = f[3:] {
		pay.Paid = append(pay.Paid, store.SystemPaid{At: fromMicros(f[0]), Credits: integer(f[1]), Fees: integer(f[2])})
	}
	return pay
}

// encodeTrust gives "interactions score updated".
func encodeTrust(p *store.TrustPair) string {
	return decimal(p.Interactions) + " " + score(p.Score) + " " + micros(p.UpdatedAt)
}

// decodeTrust returns the pair, the neutral one for "".
func decodeTrust(from, to store.AgentID, s string) store.TrustPair {
	pair := store.NeutralPair(from, to)
	f := strings.Fields(s)
	if len(f) != 3 {
		return pair
	}
	pair.Interactions = integer(f[0])
	pair.Score, _ = strconv.ParseFloat(f[1], 64)
	pair.UpdatedAt = fromMicros(f[2])
	return pair
}

func score(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
