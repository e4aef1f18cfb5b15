package memory

import "testing"

func TestLogKeepsItsNumbers(t *testing.T) {
	for _, length := range []int64{1, logChunk - 1, logChunk, logChunk + 1, 5*logChunk + 7} {
		var l log[int64]
		for n := range length {
			l.push(n)
		}
		for first := range length {
			if l.len() != length-first {
				t.Fatalf("length %d after %d shifts, want %d", l.len(), first, length-first)
			}
			for n := first; n < length; n++ {
				if got := *l.at(n); got != n {
					t.Fatalf("of %d, after %d shifts: element %d is %d", length, first, n, got)
				}
			}
			l.shift()
		}
		l.push(length)
		if got := *l.at(length); got != length || l.len() != 1 {
			t.Fatalf("after emptying a log of %d: element %d, length %d", length, got, l.len())
		}
	}
}

func TestLogLetsGoOfWhatItShifts(t *testing.T) {
	var l log[*int]
	for range 10 * logChunk {
		l.push(new(int))
		l.push(new(int))
		l.shift()
		l.shift()
		if len(l.chunks) > 2 {
			t.Fatalf("an empty log holds %d chunks", len(l.chunks))
		}
	}
	l.push(new(int))
	first := l.first
	l.push(new(int))
	l.shift()
	if *l.at(first) != nil {
		t.Fatal("a shifted element is still held")
	}
}
