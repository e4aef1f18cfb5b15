package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// writer puts mutants into one file, as edits of its text: each mutant wraps an
// expression or a statement, so that those within others compose.
type writer struct {
	fset     *token.FileSet
	info     *types.Info
	source   []byte
	all      *mutated
	function string
	edits    []edit
}

// edit puts text in the place of length bytes. Of those at one offset the deeper comes
// nearer to what it wraps.
type edit struct {
	offset, length int
	text           string
}

// add makes a mutant of what stands at a node and returns its number.
func (w *writer) add(n ast.Node, what string) int {
	id := len(w.all.mutants) + 1
	at := w.fset.Position(n.Pos())
	text := strings.Join(strings.Fields(string(w.source[w.offset(n.Pos()):w.offset(n.End())])), " ")
	if runes := []rune(text); len(runes) > 70 {
		text = string(runes[:70]) + "…"
	}
	name := fmt.Sprintf("%s %s: %s", w.function, what, text)
	w.all.mutants = append(w.all.mutants, mutant{id: id, name: name, at: fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)})
	return id
}

func (w *writer) offset(p token.Pos) int { return w.fset.Position(p).Offset }

// wrap puts text around a node.
func (w *writer) wrap(n ast.Node, before, after string) {
	w.edits = append(w.edits, edit{offset: w.offset(n.Pos()), text: before})
	// A wrapping that began earlier ends later.
	w.edits = slices.Insert(w.edits, 0, edit{offset: w.offset(n.End()), text: after})
}

func (w *writer) replace(at token.Pos, old, text string) {
	w.edits = append(w.edits, edit{offset: w.offset(at), length: len(old), text: text})
}

// edited is the file with all edits.
func (w *writer) edited() ([]byte, error) {
	slices.SortStableFunc(w.edits, func(a, b edit) int { return a.offset - b.offset })
	var out bytes.Buffer
	done := 0
	for _, e := range w.edits {
		out.Write(w.source[done:e.offset])
		out.WriteString(e.text)
		done = e.offset + e.length
	}
	out.Write(w.source[done:])
	return format.Source(out.Bytes())
}

// block mutates statements and leaves each of them out in turn.
func (w *writer) block(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				w.leaveOut(s)
			}
		case *ast.IncDecStmt, *ast.ExprStmt:
			w.leaveOut(s)
		case *ast.BranchStmt:
			w.leaveOut(s)
		}
		ast.Inspect(s, w.visit)
	}
}

func (w *writer) leaveOut(s ast.Stmt) {
	w.wrap(s, fmt.Sprintf("if !isMutant(%d) { ", w.add(s, "leave out")), " }")
}

// visit mutates what is below a statement. Blocks come back to block.
func (w *writer) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BlockStmt:
		w.block(n.List)
		return false
	case *ast.CaseClause:
		for _, e := range n.List {
			w.condition(e)
			ast.Inspect(e, w.visit)
		}
		w.block(n.Body)
		return false
	case *ast.IfStmt:
		w.condition(n.Cond)
	case *ast.ReturnStmt:
		for _, e := range n.Results {
			w.none(e)
			ast.Inspect(e, w.visit)
		}
		return false
	case ast.Expr:
		return w.expression(n)
	}
	return true
}

// condition is the other way round, when it is no comparison, which is turned by itself.
func (w *writer) condition(e ast.Expr) {
	switch e := e.(type) {
	case *ast.CallExpr, *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		if t, ok := w.info.Types[e]; ok && t.Value == nil && isBool(t.Type) {
			w.negate(e)
		}
	}
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func (w *writer) negate(e ast.Expr) {
	w.wrap(e, "((", fmt.Sprintf(") != isMutant(%d))", w.add(e, "negate")))
}

// expression mutates one expression and reports whether to look into it.
func (w *writer) expression(e ast.Expr) bool {
	if w.constant(e) {
		return false
	}
	switch e := e.(type) {
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			w.negate(e)
			w.condition(e.X)
		}
	case *ast.BinaryExpr:
		w.binary(e)
	case *ast.KeyValueExpr:
		// A key names a field.
		w.none(e.Value)
		ast.Inspect(e.Value, w.visit)
		return false
	case *ast.SelectorExpr:
		ast.Inspect(e.X, w.visit)
		return false
	}
	return true
}

// none makes the zero value of what a field is set to or a function returns, and true of
// false. Numbers have mutants of their own.
func (w *writer) none(e ast.Expr) {
	t, ok := w.info.Types[e]
	if !ok || t.IsNil() || zeroOrLiteral(e) {
		return
	}
	if _, several := t.Type.(*types.Tuple); several || t.Value != nil && numberType(t.Type) != "" {
		return
	}
	if t.Value != nil && isBool(t.Type) {
		w.negate(e)
		return
	}
	w.wrap(e, fmt.Sprintf("mutantNone(%d, ", w.add(e, "none")), ")")
}

func zeroOrLiteral(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.CompositeLit:
		return len(e.Elts) == 0
	}
	return false
}

// constant makes a number that stands in the code one more, and reports whether e is a
// constant of any kind.
func (w *writer) constant(e ast.Expr) bool {
	t, ok := w.info.Types[e]
	if !ok || t.Value == nil {
		return false
	}
	if name := numberType(t.Type); name != "" {
		w.wrap(e, fmt.Sprintf("mutantOneMore[%s](%d, ", name, w.add(e, "one more")), ")")
	}
	return true
}

// numberType is a type of numbers as the helpers call it; "" for others.
func numberType(t types.Type) string {
	if t.String() == "time.Duration" {
		return "mutantDuration"
	}
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsNumeric != 0 && b.Info()&types.IsUntyped == 0 {
		return b.Name()
	}
	return ""
}

var comparisons = map[token.Token][2]string{
	token.LSS: {"mutantLess", "<="}, token.LEQ: {"mutantAtMost", "<"}, token.GTR: {"mutantMore", ">="}, token.GEQ: {"mutantAtLeast", ">"},
}

var sums = map[token.Token][2]string{
	token.ADD: {"mutantPlus", "-"}, token.SUB: {"mutantMinus", "+"}, token.MUL: {"mutantTimes", "/"}, token.QUO: {"mutantOver", "*"},
}

// binary mutates an expression with two operands.
func (w *writer) binary(e *ast.BinaryExpr) {
	switch e.Op {
	case token.LAND, token.LOR:
		helper, other := "mutantAnd", "||"
		if e.Op == token.LOR {
			helper, other = "mutantOr", "&&"
		}
		w.wrap(e, fmt.Sprintf("%s(%d, ", helper, w.add(e, e.Op.String()+" becomes "+other)), ")})")
		w.replace(e.OpPos, e.Op.String(), ", func() bool { return (")
		w.condition(e.X)
		w.condition(e.Y)
	case token.EQL, token.NEQ:
		w.negate(e)
	}
	if c, ok := comparisons[e.Op]; ok {
		id := w.add(e, "negate")
		w.add(e, e.Op.String()+" becomes "+c[1])
		w.call(e, c[0], id)
	}
	if s, ok := sums[e.Op]; ok && isNumber(w.info.Types[e].Type) {
		w.call(e, s[0], w.add(e, e.Op.String()+" becomes "+s[1]))
	}
}

func isNumber(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0
}

// call makes a helper's call of an expression with two operands.
func (w *writer) call(e *ast.BinaryExpr, helper string, id int) {
	w.wrap(e, fmt.Sprintf("%s(%d, ", helper, id), ")")
	w.replace(e.OpPos, e.Op.String(), ",")
}
