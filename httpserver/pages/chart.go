package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// chart is what happened in spans of time, as bars of an SVG picture with axes beside
// it.
type chart struct {
	Title         string
	Width, Height int
	Bars          []bar
	// Lines are the heights of the marks, Marks what is written at them, from the top on.
	Lines []int
	Marks []int64
	// Key names the series, each with its sum.
	Key []total
}

// bar is a span: beside each other what each series has in it.
type bar struct {
	// Name is the span in words, Label what stands below it, mostly nothing.
	Name, Label string
	Rects       []column
}

type column struct {
	Class               string
	X, Y, Width, Height int
	// Value is nil where there is none.
	Value *int64
}

// Said is the value as it is written in a table.
func (c column) Said() string {
	if c.Value == nil {
		return "–"
	}
	return number(*c.Value)
}

// total is what a series is called, in a sentence and above a column, and what it is in
// all.
type total struct {
	Class, Head, Name string
	Sum               int64
}

// series is one figure of each span, nil where there is none.
type series[T any] struct {
	class, head, name string
	of                func(T) *int64
	// whole is the figure of all spans together, nil where that is their sum.
	whole *int64
}

const (
	chartHeight = 120
	spanWidth   = 24
	spanGap     = 4
)

// spread is spans of time, and where each begins.
type spread[T any] struct {
	of    []T
	start func(T) market.Time
	days  int
}

func newChart[T any](title string, spans spread[T], figures ...series[T]) chart {
	c := chart{Title: title, Width: spanWidth * len(spans.of), Height: chartHeight, Key: make([]total, len(figures))}
	most := int64(0)
	for i, s := range figures {
		sum := int64(0)
		for _, span := range spans.of {
			if v := s.of(span); v != nil {
				most, sum = max(most, *v), sum+*v
			}
		}
		if s.whole != nil {
			sum = *s.whole
		}
		c.Key[i] = total{Class: s.class, Head: s.head, Name: s.name, Sum: sum}
	}
	top := round(most)
	c.Marks, c.Lines = []int64{top, top / 2, 0}, []int{0, chartHeight / 2}
	wide := (spanWidth - spanGap) / len(figures)
	for i, span := range spans.of {
		at := spans.start(span).UTC()
		b := bar{Name: named(at, spans.days)}
		if i+2 < len(spans.of) { // a label would reach beyond the end
			b.Label = marked(at, spans.days)
		}
		for j, s := range figures {
			r := column{Class: s.class, X: i*spanWidth + j*wide, Width: wide, Value: s.of(span)}
			if r.Value != nil {
				r.Height = scaled(*r.Value, top)
			}
			r.Y = chartHeight - r.Height
			b.Rects = append(b.Rects, r)
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

// Said is the chart in one sentence.
func (c chart) Said() string {
	sums := make([]string, len(c.Key))
	for i, k := range c.Key {
		sums[i] = number(k.Sum) + " " + k.Name
	}
	return strings.Join(sums, ", ")
}

// Line is a bar in words.
func (c chart) Line(b bar) string {
	figures := make([]string, len(b.Rects))
	for i, r := range b.Rects {
		figures[i] = r.Said() + " " + c.Key[i].Name
	}
	return b.Name + ": " + strings.Join(figures, ", ")
}

// named is a span in words: an hour, a quarter of a day, or a day.
func named(at time.Time, days int) string {
	switch days {
	case 1:
		return at.Format("15:04")
	case 7:
		return fmt.Sprintf("%s %s–%s", at.Format("Mon, 2 Jan"), at.Format("15:04"), at.Add(6*time.Hour).Format("15:04"))
	default:
		return at.Format("Mon, 2 Jan")
	}
}

// marked is what stands below a span: every sixth hour, each day of seven, or each
// Monday.
func marked(at time.Time, days int) string {
	switch {
	case days == 1 && at.Hour()%6 == 0:
		return at.Format("15:04")
	case days == 7 && at.Hour() == 0:
		return at.Format("Mon 2")
	case days > 7 && at.Weekday() == time.Monday:
		return at.Format("2 Jan")
	}
	return ""
}

// round is an even number that reads well and is not below n, at least 2.
func round(n int64) int64 {
	for step := int64(1); ; step *= 10 {
		for _, top := range []int64{2, 4, 6, 8, 10} {
			if n <= top*step {
				return top * step
			}
		}
	}
}

// scaled gives every number above 0 at least two points.
func scaled(n, top int64) int {
	if n == 0 {
		return 0
	}
	return max(int(n*chartHeight/top), 2)
}
