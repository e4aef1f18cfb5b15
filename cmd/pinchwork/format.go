package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

// table prints a table, or says that it is empty.
func (a *app) table(w io.Writer, style render.Style, t *render.Table, empty string) error {
	if len(t.Rows) == 0 {
		a.note("%s", empty)
		return nil
	}
	return t.Write(w, style)
}

// more tells the user how much of a list is not shown.
func (a *app) more(shown, offset, total int, atLeast bool) {
	if end := offset + shown; shown > 0 && (end < total || atLeast) {
		plus := ""
		if atLeast {
			plus = "+"
		}
		a.note("%d–%d of %d%s; more with --offset %d", offset+1, end, total, plus, end)
	}
}

// when is how all commands write times for people; "" for none. Programs get the API's.
func when(t market.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05 MST")
}

func now() string { return when(market.NewTime(time.Now())) }

func number[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func numberSet(n *int64) string {
	if n == nil {
		return ""
	}
	return number(*n)
}

func signed(n int64) string { return fmt.Sprintf("%+d", n) }

func rating(r float64) string {
	if r == 0 {
		return "none yet"
	}
	return strconv.FormatFloat(r, 'f', 2, 64)
}

func stars(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of 5", n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func decimal(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}
