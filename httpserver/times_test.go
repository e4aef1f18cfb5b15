package httpserver

import (
	"reflect"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// A time.Time writes "Z" and as many digits as it has: an answer that holds one
// has another form than all the others.
func TestEveryInstantOfAnAnswerIsAMarketTime(t *testing.T) {
	seen, instants := map[reflect.Type]bool{}, 0
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		switch {
		case typ == reflect.TypeFor[time.Time]():
			t.Errorf("%s is a time.Time", path)
		case typ == reflect.TypeFor[market.Time]():
			instants++
		case seen[typ]:
		case typ.Kind() == reflect.Struct:
			seen[typ] = true
			for i := range typ.NumField() {
				walk(path+"."+typ.Field(i).Name, typ.Field(i).Type)
			}
		case typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map:
			walk(path, typ.Elem())
		}
	}
	for _, r := range Routes() {
		for _, s := range r.Success {
			if s.Type != nil {
				walk(r.Name, s.Type)
			}
		}
	}
	walk("event", reflect.TypeFor[flat]())
	walk("recent", reflect.TypeFor[market.Recent]())
	if instants < 15 {
		t.Errorf("only %d instants were found", instants)
	}
}
