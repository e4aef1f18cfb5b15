package market_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// sources calls f with every file of the module but tests.
func sources(t *testing.T, f func(path string, files *token.FileSet, file *ast.File)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "tools" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err == nil {
			f(path, files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isError recognizes the type market.Error, and Error inside of the packages that define it.
func isError(typ ast.Expr, pkg string) bool {
	switch typ := typ.(type) {
	case *ast.SelectorExpr:
		x, is := typ.X.(*ast.Ident)
		return is && (x.Name == "market" || x.Name == "rules") && typ.Sel.Name == "Error"
	case *ast.Ident:
		return (pkg == "market" || pkg == "rules") && typ.Name == "Error"
	}
	return false
}

func setsCode(literal *ast.CompositeLit) bool {
	for _, element := range literal.Elts {
		if pair, is := element.(*ast.KeyValueExpr); is {
			if key, is := pair.Key.(*ast.Ident); is && key.Name == "Code" {
				return true
			}
		}
	}
	return false
}

func TestEveryErrorIsMadeWithACode(t *testing.T) {
	found := 0
	sources(t, func(path string, files *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, is := n.(*ast.CompositeLit); is && isError(literal.Type, file.Name.Name) {
				if found++; !setsCode(literal) {
					t.Errorf("%s: an error without a code", files.Position(literal.Pos()))
				}
			}
			return true
		})
	})
	if found < 10 {
		t.Errorf("only %d errors were found", found)
	}
}

// A code that nothing refuses with is a promise in the documents that nobody keeps.
func TestEveryCodeIsUsed(t *testing.T) {
	table, err := os.ReadFile("internal/rules/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	sources(t, func(path string, _ *token.FileSet, file *ast.File) {
		if base := filepath.Base(path); base == "codes.go" || base == "errors.go" && filepath.Base(filepath.Dir(path)) == "market" {
			// These two name all codes.
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name, is := n.(*ast.Ident); is {
				used[name.Name] = true
			}
			return true
		})
	})
	names := regexp.MustCompile(`(?m)^\t(Code\w+) +Code = "(\w+)"$`).FindAllSubmatch(table, -1)
	if len(names) != len(market.Codes()) {
		t.Errorf("%d constants, %d rows", len(names), len(market.Codes()))
	}
	for _, name := range names {
		if !used[string(name[1])] {
			t.Errorf("nothing refuses with %s", name[2])
		}
		if market.Code(name[2]).Kind() == nil {
			t.Errorf("%s has no kind", name[2])
		}
	}
}
