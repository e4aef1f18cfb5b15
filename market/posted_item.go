package market

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
)

// refusedItem is the JSON of an item that was refused: the fields of every refusal, and
// which one it is.
type refusedItem struct {
	Error string `json:"error"`
	Code  Code   `json:"code"`
	Field string `json:"field"`
	Index int    `json:"index"`
}

// MarshalJSON writes the task, or the refusal in place of it.
func (p PostedItem) MarshalJSON() ([]byte, error) {
	var what any = p.Posted
	if refusal, is := errors.AsType[*Error](p.Err); is {
		i, _ := refusal.Index()
		what = refusedItem{Error: refusal.Message, Code: refusal.Code, Field: refusal.Field, Index: i}
	}
	// Texts are escaped as whoever writes the whole list wants them.
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(what)
	return bytes.TrimSpace(out.Bytes()), err
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *PostedItem) UnmarshalJSON(data []byte) error {
	var refused refusedItem
	if err := json.Unmarshal(data, &refused); err != nil {
		return err
	}
	if refused.Error == "" {
		*p = PostedItem{}
		return json.Unmarshal(data, &p.Posted)
	}
	*p = PostedItem{Err: &Error{
		// A server that is newer may have codes that this one does not know.
		Kind: cmp.Or(refused.Code.Kind(), ErrConflict), Code: refused.Code, Field: refused.Field, Message: refused.Error,
	}}
	return nil
}
