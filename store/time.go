package store

import (
	"errors"
	"time"
)

// Time is an instant as the API writes it: in UTC, as "+00:00" and not as "Z",
// with exactly six digits of fraction or none, since that is the one form that
// the standard parser of every common language reads. The types that operations
// return hold it; what a store keeps is a plain time.Time.
type Time struct{ time.Time }

// NewTime returns the instant in UTC.
func NewTime(t time.Time) Time { return Time{t.UTC()} }

const (
	wholeSeconds = "2006-01-02T15:04:05-07:00"
	microseconds = "2006-01-02T15:04:05.000000-07:00"
)

var errYear = errors.New("the year has no four digits")

// AppendText appends the API's form.
func (t Time) AppendText(b []byte) ([]byte, error) {
	at := t.UTC()
	if year := at.Year(); year < 0 || year > 9999 {
		return b, errYear
	}
	if at.Nanosecond() < int(time.Microsecond) {
		return at.AppendFormat(b, wholeSeconds), nil
	}
	return at.AppendFormat(b, microseconds), nil
}

// MarshalText writes the API's form.
func (t Time) MarshalText() ([]byte, error) {
	return t.AppendText(make([]byte, 0, len(microseconds)))
}

// MarshalJSON writes the API's form as a JSON string.
func (t Time) MarshalJSON() ([]byte, error) {
	b, err := t.AppendText(append(make([]byte, 0, len(microseconds)+2), '"'))
	if err != nil {
		return nil, err
	}
	return append(b, '"'), nil
}

// UnmarshalText reads any RFC 3339 time; the result is in UTC.
func (t *Time) UnmarshalText(data []byte) error {
	if err := t.Time.UnmarshalText(data); err != nil {
		return err
	}
	t.Time = t.UTC()
	return nil
}

// UnmarshalJSON reads any RFC 3339 time as a JSON string; the result is in UTC.
// A null changes nothing.
func (t *Time) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err != nil {
		return err
	}
	t.Time = t.UTC()
	return nil
}

// String is the API's form, for texts that people read.
func (t Time) String() string {
	text, err := t.MarshalText()
	if err != nil {
		return t.Time.String()
	}
	return string(text)
}
