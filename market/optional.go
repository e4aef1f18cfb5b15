package market

import "encoding/json"

// Optional is a field that can be absent, null or a value: three different
// things in a PATCH. The zero Optional is absent.
type Optional[T any] struct {
	value T
	set   bool
	null  bool
}

// Some returns a present value.
func Some[T any](v T) Optional[T] { return Optional[T]{value: v, set: true} }

// Null returns an explicit null.
func Null[T any]() Optional[T] { return Optional[T]{set: true, null: true} }

// Get returns the value, which is zero for null, and whether the field was
// present at all.
func (o Optional[T]) Get() (T, bool) { return o.value, o.set }

// IsNull reports whether the field was an explicit null.
func (o Optional[T]) IsNull() bool { return o.null }

// IsZero lets the JSON option omitzero leave out absent fields.
func (o Optional[T]) IsZero() bool { return !o.set }

// MarshalJSON writes the value or null.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if !o.set || o.null {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON is called only when the field is present.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*o = Null[T]()
		return nil
	}
	*o = Optional[T]{set: true}
	return json.Unmarshal(data, &o.value)
}
