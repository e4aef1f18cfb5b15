package redis

import (
	"maps"
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// packMetadata writes keys and values in turn, in the order of the keys, so that a
// task has one document.
func packMetadata(p *packer, m map[string]string) {
	if len(m) == 0 {
		return
	}
	p.part("md", func() {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			putAll(p, "k", []string{key})
			putAll(p, "v", []string{m[key]})
		}
	})
}

func unpackMetadata(doc string) (map[string]string, error) {
	m, key := map[string]string{}, ""
	return m, unpack(doc, func(name, value string) {
		switch name {
		case "k":
			key = value
		case "v":
			m[key] = value
		}
	})
}

func packSystem(p *packer, s *store.System) {
	if s == nil {
		return
	}
	p.part("sy", func() {
		put(p, "t", s.Type)
		put(p, "p", s.Parent)
		p.number("d", int64(s.Delivery))
		put(p, "s", s.Subject)
		p.instant("u", s.Until)
		p.instant("a", s.Again)
		putAll(p, "x", s.Excluded)
	})
}

func unpackSystem(doc string) (*store.System, error) {
	s := &store.System{}
	return s, unpack(doc, func(name, value string) {
		switch name {
		case "t":
			s.Type = store.SystemType(value)
		case "p":
			s.Parent = store.TaskID(value)
		case "d":
			s.Delivery = int(integer(value))
		case "s":
			s.Subject = store.AgentID(value)
		case "u":
			s.Until = unpackInstant(value)
		case "a":
			s.Again = unpackInstant(value)
		case "x":
			s.Excluded = append(s.Excluded, store.AgentID(value))
		}
	})
}

func packSuperseded(p *packer, s *store.Superseded) {
	p.part("su", func() {
		p.number("n", int64(s.No))
		put(p, "w", s.Worker)
		p.number("b", s.Bytes)
		p.instant("u", s.Until)
		p.instant("a", s.At)
		p.number("c", s.Charged)
	})
}

func unpackSuperseded(doc string) (s store.Superseded, err error) {
	err = unpack(doc, func(name, value string) {
		switch name {
		case "n":
			s.No = int(integer(value))
		case "w":
			s.Worker = store.AgentID(value)
		case "b":
			s.Bytes = integer(value)
		case "u":
			s.Until = unpackInstant(value)
		case "a":
			s.At = unpackInstant(value)
		case "c":
			s.Charged = integer(value)
		}
	})
	return s, err
}

func packDirect(p *packer, d *store.Direct) {
	if d == nil {
		return
	}
	p.part("di", func() {
		putAll(p, "a", d.To)
		p.instant("o", d.OpensAt)
		p.flag("y", d.Opened)
	})
}

func unpackDirect(doc string) (*store.Direct, error) {
	d := &store.Direct{}
	return d, unpack(doc, func(name, value string) {
		switch name {
		case "a":
			d.To = append(d.To, store.AgentID(value))
		case "o":
			d.OpensAt = unpackInstant(value)
		case "y":
			d.Opened = true
		}
	})
}

func packMatching(p *packer, m *store.Matching) {
	if m == nil {
		return
	}
	p.part("ma", func() {
		put(p, "s", m.State)
		p.instant("u", m.Until)
		putAll(p, "a", m.Agents)
	})
}

func unpackMatching(doc string) (*store.Matching, error) {
	m := &store.Matching{}
	return m, unpack(doc, func(name, value string) {
		switch name {
		case "s":
			m.State = store.MatchState(value)
		case "u":
			m.Until = unpackInstant(value)
		case "a":
			m.Agents = append(m.Agents, store.AgentID(value))
		}
	})
}

func packClaim(p *packer, c *store.Claim) {
	if c == nil {
		return
	}
	p.part("cl", func() {
		put(p, "w", c.Worker)
		p.instant("a", c.At)
		p.instant("t", c.Timeout)
		p.instant("g", c.Grace)
		p.instant("pa", c.Progress.At)
		p.instant("pt", c.Progress.Told)
		put(p, "pn", c.Progress.Note)
		putCount(p, "pp", c.Progress.Percent)
	})
}

func unpackClaim(doc string) (*store.Claim, error) {
	c := &store.Claim{}
	return c, unpack(doc, func(name, value string) {
		switch name {
		case "w":
			c.Worker = store.AgentID(value)
		case "a":
			c.At = unpackInstant(value)
		case "t":
			c.Timeout = unpackInstant(value)
		case "g":
			c.Grace = unpackInstant(value)
		case "pa":
			c.Progress.At = unpackInstant(value)
		case "pt":
			c.Progress.Told = unpackInstant(value)
		case "pn":
			c.Progress.Note = value
		case "pp":
			c.Progress.Percent = new(int(integer(value)))
		}
	})
}

func packLapse(l *store.Lapse) string {
	p := newPacker()
	p.instant("a", l.At)
	put(p, "w", l.Why)
	p.number("c", int64(l.Claim))
	return p.String()
}

// unpackLapse gives nil when there is no document; an empty document is an
// empty lapse.
func unpackLapse(doc any) (*store.Lapse, error) {
	if doc == nil {
		return nil, nil
	}
	l := &store.Lapse{}
	return l, unpack(text(doc), func(name, value string) {
		switch name {
		case "a":
			l.At = unpackInstant(value)
		case "w":
			l.Why = value
		case "c":
			l.Claim = int32(integer(value))
		}
	})
}

func packDelivery(p *packer, d *store.Delivery) {
	if d == nil {
		return
	}
	p.part("de", func() {
		p.number("n", int64(d.No))
		p.instant("a", d.At)
		p.number("c", d.Charged)
		p.instant("r", d.ReviewUntil)
		p.number("b", d.Bytes)
		if v := d.Verification; v != nil {
			p.part("v", func() {
				put(p, "s", v.Status)
				p.optional("m", v.MeetsRequirements)
				put(p, "e", v.Explanation)
				p.optional("p", v.Proven)
			})
		}
	})
}

func unpackDelivery(doc string) (*store.Delivery, error) {
	d := &store.Delivery{}
	var damaged error
	err := unpack(doc, func(name, value string) {
		switch name {
		case "n":
			d.No = int(integer(value))
		case "b":
			d.Bytes = integer(value)
		case "a":
			d.At = unpackInstant(value)
		case "c":
			d.Charged = integer(value)
		case "r":
			d.ReviewUntil = unpackInstant(value)
		case "v":
			d.Verification, damaged = unpackVerification(value)
		}
	})
	if err == nil {
		err = damaged
	}
	return d, err
}

func unpackVerification(doc string) (*store.Verification, error) {
	v := &store.Verification{}
	return v, unpack(doc, func(name, value string) {
		switch name {
		case "s":
			v.Status = value
		case "m":
			v.MeetsRequirements = unpackOptional(value)
		case "e":
			v.Explanation = value
		case "p":
			v.Proven = unpackOptional(value)
		}
	})
}

func packRejection(p *packer, j *store.Rejection) {
	if j == nil {
		return
	}
	p.part("re", func() {
		put(p, "r", j.Reason)
		put(p, "f", j.Feedback)
		p.instant("a", j.At)
	})
}

func unpackRejection(doc string) (*store.Rejection, error) {
	j := &store.Rejection{}
	return j, unpack(doc, func(name, value string) {
		switch name {
		case "r":
			j.Reason = value
		case "f":
			j.Feedback = value
		case "a":
			j.At = unpackInstant(value)
		}
	})
}

func packEnding(p *packer, e *store.Ending) {
	if e == nil {
		return
	}
	p.part("en", func() {
		p.instant("a", e.At)
		p.number("c", e.Charged)
		p.number("f", e.Fee)
		p.flag("o", e.Auto)
		p.number("r", int64(e.Rating))
		put(p, "fb", e.Feedback)
		p.number("pr", int64(e.PosterRating))
		put(p, "pf", e.PosterFeedback)
		put(p, "u", e.Outcome)
		put(p, "w", e.Reason)
		p.number("tb", e.TakenBack)
	})
}

func unpackEnding(doc string) (*store.Ending, error) {
	e := &store.Ending{}
	return e, unpack(doc, func(name, value string) {
		switch name {
		case "a":
			e.At = unpackInstant(value)
		case "c":
			e.Charged = integer(value)
		case "f":
			e.Fee = integer(value)
		case "o":
			e.Auto = true
		case "r":
			e.Rating = int(integer(value))
		case "fb":
			e.Feedback = value
		case "pr":
			e.PosterRating = int(integer(value))
		case "pf":
			e.PosterFeedback = value
		case "u":
			e.Outcome = value
		case "w":
			e.Reason = value
		case "tb":
			e.TakenBack = integer(value)
		}
	})
}
