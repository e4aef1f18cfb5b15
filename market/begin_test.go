package market_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// The counters by guard and by kind begin at 0 for all that there are.
func TestTheListsOfGuardsAndKindsAreWhole(t *testing.T) {
	declared := map[string][]string{}
	sources(t, func(_ string, _ *token.FileSet, file *ast.File) {
		if file.Name.Name != "store" {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			value, is := n.(*ast.ValueSpec)
			if !is || len(value.Values) != 1 {
				return true
			}
			typ, _ := value.Type.(*ast.Ident)
			if text, is := value.Values[0].(*ast.BasicLit); is && typ != nil {
				s, _ := strconv.Unquote(text.Value)
				declared[typ.Name] = append(declared[typ.Name], s)
			}
			return true
		})
	})
	var guards, kinds []string
	for _, guard := range store.Guards() {
		guards = append(guards, string(guard))
	}
	for _, kind := range store.EntryKinds() {
		kinds = append(kinds, string(kind))
	}
	for typ, listed := range map[string][]string{"Guard": guards, "EntryKind": kinds} {
		want := declared[typ]
		slices.Sort(want)
		slices.Sort(listed)
		if !slices.Equal(listed, want) || len(listed) == 0 {
			t.Errorf("%s: listed are %q, and there are %q", typ, listed, want)
		}
	}
}
