package pages

import "github.com/pinchwork/pinchwork/market"

// chart is the activity of a day as bars of an SVG picture.
type chart struct {
	Width, Height int
	Bars          []bar
	Posted, Done  int
}

// bar is an hour: what was posted, and beside it what was approved.
type bar struct {
	X, DoneX, PostedY, PostedHeight, DoneY, DoneHeight int
	Label                                              string
	Posted, Done                                       int
}

const (
	chartHeight = 120
	hourWidth   = 24
)

func newChart(hours []market.Activity) chart {
	c := chart{Width: hourWidth * len(hours), Height: chartHeight}
	most := 1
	for _, h := range hours {
		most = max(most, h.Posted, h.Approved)
	}
	for i, h := range hours {
		b := bar{
			X: i * hourWidth, DoneX: i*hourWidth + 11, Label: h.Hour.UTC().Format("15:04"), Posted: h.Posted, Done: h.Approved,
			PostedHeight: scaled(h.Posted, most), DoneHeight: scaled(h.Approved, most),
		}
		b.PostedY, b.DoneY = chartHeight-b.PostedHeight, chartHeight-b.DoneHeight
		c.Bars = append(c.Bars, b)
		c.Posted, c.Done = c.Posted+h.Posted, c.Done+h.Approved
	}
	return c
}

// scaled gives every number above 0 at least two points.
func scaled(n, most int) int {
	if n == 0 {
		return 0
	}
	return max(n*chartHeight/most, 2)
}
