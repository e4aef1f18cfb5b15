package redis

import "github.com/pinchwork/pinchwork/store"

func packTransfer(t *store.Transfer) string {
	p := newPacker()
	put(p, "id", t.ID)
	put(p, "f", t.From)
	put(p, "t", t.To)
	p.number("n", t.Amount)
	put(p, "k", t.Kind)
	put(p, "a", t.Agent)
	put(p, "tk", t.Task)
	p.number("fe", t.Fee)
	put(p, "no", t.Note)
	put(p, "ab", t.About)
	p.instant("at", t.At)
	return p.String()
}

func unpackTransfer(doc string) (t store.Transfer, err error) {
	err = unpack(doc, func(name, value string) {
		switch name {
		case "id":
			t.ID = store.EntryID(value)
		case "f":
			t.From = store.AccountName(value)
		case "t":
			t.To = store.AccountName(value)
		case "n":
			t.Amount = integer(value)
		case "k":
			t.Kind = store.EntryKind(value)
		case "a":
			t.Agent = store.AgentID(value)
		case "tk":
			t.Task = store.TaskID(value)
		case "fe":
			t.Fee = integer(value)
		case "no":
			t.Note = value
		case "ab":
			t.About = store.AgentID(value)
		case "at":
			t.At = unpackInstant(value)
		}
	})
	return t, err
}

// decodeEntry reads an element of the entries' stream: t the transfer, s the
// agent's number, b and e balance and earnings after it.
func decodeEntry(v any) (store.Entry, error) {
	f := fields(v)
	transfer, err := unpackTransfer(f["t"])
	return store.Entry{
		Transfer: transfer, Seq: integer(f["s"]), Balance: integer(f["b"]), Earned: integer(f["e"]),
	}, err
}
