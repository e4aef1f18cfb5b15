package postgres

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// table collects the rows of one type of routines/types.sql as an array in the
// binary form of the protocol: the server reads it without parsing a text.
type table struct {
	n   int
	buf []byte
	// row is where the row begins that is being written.
	row int
}

// arrayHeader is how many bytes stand before the rows: dimensions, flags, the
// type of the rows, their number, and the index of the first.
const arrayHeader = 20

// add begins a row of so many fields.
func (t *table) add(fields int) *table {
	t.close()
	if t.n == 0 {
		t.buf = make([]byte, arrayHeader, 512)
	}
	t.n++
	t.row = len(t.buf)
	t.buf = append(t.buf, 0, 0, 0, 0)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(fields))
	return t
}

// close writes how long the last row is.
func (t *table) close() {
	if t.n > 0 {
		binary.BigEndian.PutUint32(t.buf[t.row:], uint32(len(t.buf)-t.row-4))
	}
}

// array is the whole, nil when there are no rows: what the server takes for null.
func (t *table) array() []byte {
	if t.n == 0 {
		return nil
	}
	t.close()
	copy(t.buf, header(unsaid, t.n))
	return t.buf
}

// unsaid stands for a type of the schema: the server knows what it expects, and
// compares the number only where both are built in.
const unsaid = 0

func header(kind uint32, n int) []byte {
	out := make([]byte, arrayHeader)
	binary.BigEndian.PutUint32(out[0:], 1)
	binary.BigEndian.PutUint32(out[8:], kind)
	binary.BigEndian.PutUint32(out[12:], uint32(n))
	binary.BigEndian.PutUint32(out[16:], 1)
	return out
}

func (t *table) field(kind uint32, size int) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, kind)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(size))
}

// null is a field of a type without a value.
func (t *table) null(kind uint32) *table {
	t.field(kind, -1)
	return t
}

func (t *table) text(s string) *table {
	s = storable(s)
	t.field(pgtype.TextOID, len(s))
	t.buf = append(t.buf, s...)
	return t
}

// textOrNull is null for the empty text.
func (t *table) textOrNull(s string) *table {
	if s == "" {
		return t.null(pgtype.TextOID)
	}
	return t.text(s)
}

func (t *table) bytes(b []byte) *table {
	if b == nil {
		return t.null(pgtype.ByteaOID)
	}
	t.field(pgtype.ByteaOID, len(b))
	t.buf = append(t.buf, b...)
	return t
}

func (t *table) big(n int64) *table {
	t.field(pgtype.Int8OID, 8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, uint64(n))
	return t
}

func (t *table) bigOrNull(n *int64) *table {
	if n == nil {
		return t.null(pgtype.Int8OID)
	}
	return t.big(*n)
}

func (t *table) bigs(list ...int64) *table {
	for _, n := range list {
		t.big(n)
	}
	return t
}

func (t *table) ints(list ...int) *table {
	for _, n := range list {
		t.int(n)
	}
	return t
}

func (t *table) int(n int) *table {
	t.field(pgtype.Int4OID, 4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(int32(n)))
	return t
}

// small is a smallint, null for 0.
func (t *table) small(n int) *table {
	if n == 0 {
		return t.null(pgtype.Int2OID)
	}
	t.field(pgtype.Int2OID, 2)
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(int16(n)))
	return t
}

func (t *table) float(f float64) *table {
	t.field(pgtype.Float8OID, 8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, math.Float64bits(f))
	return t
}

func (t *table) bool(b bool) *table {
	t.field(pgtype.BoolOID, 1)
	t.buf = append(t.buf, boolean(b)...)
	return t
}

func boolean(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

func (t *table) boolOrNull(b *bool) *table {
	if b == nil {
		return t.null(pgtype.BoolOID)
	}
	return t.bool(*b)
}

// time is null for the zero time.
func (t *table) time(at time.Time) *table {
	if at.IsZero() {
		return t.null(pgtype.TimestamptzOID)
	}
	t.field(pgtype.TimestamptzOID, 8)
	t.buf = appendTime(t.buf, at)
	return t
}

// era is where the server begins to count microseconds.
var era = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func appendTime(buf []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(buf, uint64(at.UnixMicro()-era))
}

// texts is an array of texts, null for none.
func (t *table) texts(list []string) *table {
	b := textArray(list)
	if b == nil {
		return t.null(pgtype.TextArrayOID)
	}
	t.field(pgtype.TextArrayOID, len(b))
	t.buf = append(t.buf, b...)
	return t
}

func textArray(list []string) []byte {
	if len(list) == 0 {
		return nil
	}
	b := header(pgtype.TextOID, len(list))
	for _, s := range list {
		s = storable(s)
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

func bigArray(list []int64) []byte {
	b := header(pgtype.Int8OID, len(list))
	for _, n := range list {
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// tables is an array of rows within a row, null for none.
func (t *table) tables(inner *table) *table {
	b := inner.array()
	if b == nil {
		return t.null(unsaid)
	}
	t.field(unsaid, len(b))
	t.buf = append(t.buf, b...)
	return t
}
