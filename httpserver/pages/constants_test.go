package pages_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"testing"
	"time"
)

// constantOf is the value of a constant of the repository, by its file and name: also of
// one that its package keeps to itself.
func constantOf(t *testing.T, file, name string) int64 {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../../"+file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var value ast.Expr
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, is := n.(*ast.ValueSpec); is {
			for i, declared := range spec.Names {
				if declared.Name == name && i < len(spec.Values) {
					value = spec.Values[i]
				}
			}
		}
		return true
	})
	n, err := evaluate(value)
	if err != nil {
		t.Fatalf("%s of %s: %v", name, file, err)
	}
	return n
}

// evaluate knows numbers, the units of package time, and their products.
func evaluate(e ast.Expr) (int64, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if n, exact := constant.Int64Val(constant.MakeFromLiteral(e.Value, e.Kind, 0)); exact {
			return n, nil
		}
	case *ast.SelectorExpr:
		switch e.Sel.Name {
		case "Hour":
			return int64(time.Hour), nil
		case "Minute":
			return int64(time.Minute), nil
		case "Second":
			return int64(time.Second), nil
		}
	case *ast.BinaryExpr:
		x, err := evaluate(e.X)
		if err != nil || e.Op != token.MUL {
			break
		}
		y, err := evaluate(e.Y)
		return x * y, err
	}
	return 0, fmt.Errorf("%T is not understood", e)
}
