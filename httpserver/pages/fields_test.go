package pages_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// fieldsOf are the JSON names of a struct's fields, those of what it embeds included.
func fieldsOf(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, fieldsOf(f.Type)...)
		case name != "" && name != "-":
			names = append(names, name)
		}
	}
	return names
}

// Where a section lists the fields of something it has all of them: whoever reads it alone
// does not learn of another.
func TestSectionsNameEveryField(t *testing.T) {
	s := withAll(t)
	for section, of := range map[string]reflect.Type{
		"posting": reflect.TypeFor[wire.Post](), "offers": reflect.TypeFor[market.BrowseItem](), "event-types": reflect.TypeFor[store.EventData](),
		"stats": reflect.TypeFor[market.Stats](), "discovery": reflect.TypeFor[market.PublicProfile](), "verification": reflect.TypeFor[market.Verification](),
		"demand": reflect.TypeFor[market.TagDemand](),
	} {
		text := s.section(section)
		for _, name := range fieldsOf(of) {
			// Anybody knows what an agent's id and name are.
			if name != "id" && name != "name" && name != "tag" && !names(text, name) {
				t.Errorf("section %s does not name %s: %s", section, name, text)
			}
		}
	}
}

// names reports whether a text has a word as a whole.
func names(text, word string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		if part == word {
			return true
		}
	}
	return false
}

// Every event that there is has its line.
func TestTheManualNamesEveryEvent(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../store/event.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	text, found := withAll(t).section("event-types"), 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || !strings.HasPrefix(spec.Names[0].Name, "Event") || len(spec.Values) != 1 {
			return true
		}
		event, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if found++; err != nil || !strings.Contains(text, "`"+event+"`") {
			t.Errorf("event-types does not name %s, %v", event, err)
		}
		return true
	})
	if found < 18 {
		t.Errorf("there are %d events", found)
	}
}

// Every reason for which a task is not offered is explained.
func TestTheManualNamesEveryReason(t *testing.T) {
	text := withAll(t).section("offers")
	for _, c := range []market.Code{
		market.CodeWrongState, market.CodeAlreadyClaimed, market.CodeOwnTask, market.CodeRoleConflict, market.CodePosterSuspended,
		market.CodeCooldown, market.CodeTooManyClaims, market.CodeHeadStart, market.CodeFiltered, market.CodeNoTask,
	} {
		if !strings.Contains(text, "`"+string(c)+"`") {
			t.Errorf("offers does not name %s", c)
		}
	}
}
