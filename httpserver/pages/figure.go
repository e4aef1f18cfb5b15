package pages

import (
	"fmt"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// figure is a small chart as an SVG picture, with all that it shows in words.
type figure struct {
	Width, Height int
	Words         string
	Rects         []rect
	Dots          []dot
	// Line connects the dots, as the points of a polyline.
	Line   string
	Labels []label
	// Rules are the heights of thin lines across.
	Rules []int
}

type rect struct{ X, Y, Width, Height int }

type dot struct {
	X, Y  int
	Title string
}

// label is a text in a figure; End says that it ends at X.
type label struct {
	X, Y int
	Text string
	End  bool
}

const (
	figureWidth = 320
	// rowHeight is that of a bar that lies, with its space.
	rowHeight = 24
	barWidth  = 220
	// trendRatings is how many ratings a trend shows.
	trendRatings = 20
)

// distribution counts ratings from 5 to 1 as lying bars.
func distribution(ratings []int) figure {
	var counts [6]int
	most := 1
	for _, r := range ratings {
		if r >= 1 && r <= 5 {
			counts[r]++
			most = max(most, counts[r])
		}
	}
	f := figure{Width: figureWidth, Height: 5 * rowHeight}
	var words []string
	for i := range 5 {
		stars, y := 5-i, i*rowHeight
		n := counts[stars]
		words = append(words, fmt.Sprintf("%d × %d", n, stars))
		f.Rects = append(f.Rects, rect{X: 34, Y: y + 4, Width: n * barWidth / most, Height: rowHeight - 8})
		f.Labels = append(f.Labels, label{X: 0, Y: y + 17, Text: fmt.Sprintf("%d ★", stars)}, label{X: figureWidth, Y: y + 17, Text: number(int64(n)), End: true})
	}
	f.Words = "Ratings: " + strings.Join(words, ", ")
	return f
}

// trend shows the last ratings in their order.
func trend(ratings []int) figure {
	ratings = ratings[max(len(ratings)-trendRatings, 0):]
	f := figure{Width: figureWidth, Height: 5 * rowHeight}
	at := func(rating int) int { return (5-rating)*rowHeight + rowHeight/2 }
	for stars := 1; stars <= 5; stars++ {
		f.Rules = append(f.Rules, at(stars))
		f.Labels = append(f.Labels, label{X: 0, Y: at(stars) + 5, Text: fmt.Sprint(stars)})
	}
	step := (figureWidth - 40) / max(len(ratings)-1, 1)
	var points, words []string
	for i, r := range ratings {
		d := dot{X: 28 + i*step, Y: at(r), Title: fmt.Sprintf("%d of 5", r)}
		f.Dots = append(f.Dots, d)
		points, words = append(points, fmt.Sprintf("%d,%d", d.X, d.Y)), append(words, fmt.Sprint(r))
	}
	f.Line = strings.Join(points, " ")
	f.Words = "The last ratings, oldest first: " + strings.Join(words, ", ")
	return f
}

// weeks shows a figure of each week.
func weeks(what string, of []market.WeekOfWork, value func(market.WeekOfWork) int64) figure {
	const height, base = 5 * rowHeight, 5*rowHeight - 20
	f := figure{Width: figureWidth, Height: height, Rules: []int{base}}
	most := int64(1)
	for _, w := range of {
		most = max(most, value(w))
	}
	step := (figureWidth - 30) / max(len(of), 1)
	var words []string
	for i, w := range of {
		tall := 0
		if value(w) > 0 {
			tall = max(int(value(w)*(base-8)/most), 2)
		}
		f.Rects = append(f.Rects, rect{X: 30 + i*step, Y: base - tall, Width: max(step-4, 2), Height: tall})
		words = append(words, fmt.Sprintf("%s: %d", w.Start.UTC().Format("2 Jan"), value(w)))
	}
	if len(of) > 0 {
		f.Labels = []label{
			{X: 0, Y: 12, Text: number(most)},
			{X: 0, Y: base, Text: "0"},
			{X: 30, Y: height - 4, Text: of[0].Start.UTC().Format("2 Jan")},
			{X: figureWidth, Y: height - 4, Text: "now (UTC)", End: true},
		}
	}
	f.Words = what + " in the 7 days from " + strings.Join(words, ", ")
	return f
}
