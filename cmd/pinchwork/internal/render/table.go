package render

import (
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Style says what the user's terminal can show.
type Style struct {
	// Width is the terminal's in cells; 0 when there is none to fit.
	Width int
	Color bool
}

// Column is one column of a Table.
type Column struct {
	Title string
	// Right aligns numbers.
	Right bool
	// Flex marks the one column that shrinks to fit.
	Flex bool
	// Drop marks columns that are left out when the terminal is narrow, the last
	// one first.
	Drop bool
}

// Table is rows of cells, each a single line.
type Table struct {
	Columns []Column
	Rows    [][]string
}

const (
	gap         = 2
	leastFlex   = 16
	flexUnbound = 80
)

// Write renders the table. Where the terminal is too narrow for it, each row
// becomes a block of lines.
func (t *Table) Write(w io.Writer, style Style) error {
	for _, row := range t.Rows {
		for i := range row {
			row[i] = Line(row[i])
		}
	}
	shown := t
	for shown.tight(style.Width) {
		fewer := shown.dropped()
		if fewer == nil {
			return t.blocks(w, style)
		}
		shown = fewer
	}
	return shown.lines(w, style)
}

// tight reports whether the shrinking column gets too little room.
func (t *Table) tight(width int) bool {
	return t.flexWidth(width) < leastFlex && !t.fits(width)
}

// dropped is the table without its last droppable column; nil when there is
// none.
func (t *Table) dropped() *Table {
	for i := len(t.Columns) - 1; i >= 0; i-- {
		if !t.Columns[i].Drop {
			continue
		}
		fewer := &Table{Columns: slices.Delete(slices.Clone(t.Columns), i, i+1)}
		for _, row := range t.Rows {
			fewer.Rows = append(fewer.Rows, slices.Delete(slices.Clone(row), i, i+1))
		}
		return fewer
	}
	return nil
}

func (t *Table) lines(w io.Writer, style Style) error {
	flex := t.flexWidth(style.Width)
	for _, row := range t.Rows {
		for i, c := range t.Columns {
			if c.Flex {
				row[i] = Cut(row[i], max(flex, leastFlex))
			}
		}
	}
	_, err := io.WriteString(w, t.render(style)+"\n")
	return err
}

func cells(s string) int { return text.StringWidthWithoutEscSequences(s) }

func (t *Table) natural(i int) int {
	widest := cells(t.Columns[i].Title)
	for _, row := range t.Rows {
		widest = max(widest, cells(row[i]))
	}
	return widest
}

// flexWidth is what the other columns leave to the one that shrinks.
func (t *Table) flexWidth(width int) int {
	if width == 0 {
		return flexUnbound
	}
	for i, c := range t.Columns {
		width -= gap
		if !c.Flex {
			width -= t.natural(i)
		}
	}
	return width + gap
}

func (t *Table) fits(width int) bool {
	total := -gap
	for i := range t.Columns {
		total += t.natural(i) + gap
	}
	return width == 0 || total <= width
}

func (t *Table) render(style Style) string {
	tw := table.NewWriter()
	tw.SetStyle(tableStyle(style))
	tw.SuppressTrailingSpaces()
	header := table.Row{}
	configs := []table.ColumnConfig{}
	for i, c := range t.Columns {
		header = append(header, c.Title)
		if c.Right {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	tw.AppendHeader(header)
	tw.SetColumnConfigs(configs)
	for _, row := range t.Rows {
		line := table.Row{}
		for _, cell := range row {
			line = append(line, cell)
		}
		tw.AppendRow(line)
	}
	return tw.Render()
}

func tableStyle(style Style) table.Style {
	s := table.StyleDefault
	s.Box.PaddingLeft, s.Box.PaddingRight = "", strings.Repeat(" ", gap)
	s.Options = table.OptionsNoBordersAndSeparators
	s.Format.Header = text.FormatUpper
	if style.Color {
		s.Color.Header = text.Colors{text.Bold}
	}
	return s
}

// blocks writes each row as "title: value" lines.
func (t *Table) blocks(w io.Writer, style Style) error {
	for i, row := range t.Rows {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		r := Record{}
		for j, c := range t.Columns {
			r.Add(c.Title, Cut(row[j], max(style.Width*3, leastFlex)))
		}
		if err := r.Write(w, style); err != nil {
			return err
		}
	}
	return nil
}
