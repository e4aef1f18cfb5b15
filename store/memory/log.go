package memory

// logChunk is how many elements of a log lie together.
const logChunk = 64

// log is a sequence that grows at its end and shrinks at its front. Elements
// are numbered from 0 for good and never move, so growing copies nothing.
type log[T any] struct {
	chunks [][]T
	// gone counts the chunks that were dropped.
	gone int64
	// first is the oldest element kept, next the number of the next one.
	first, next int64
}

func (l *log[T]) push(v T) {
	if l.next == (l.gone+int64(len(l.chunks)))*logChunk {
		var chunk []T
		if l.next >= logChunk {
			// A short log stays small; a long one does not grow chunk by chunk.
			chunk = make([]T, 0, logChunk)
		}
		l.chunks = append(l.chunks, chunk)
	}
	last := len(l.chunks) - 1
	l.chunks[last] = append(l.chunks[last], v)
	l.next++
}

// at returns element n, first ≤ n < next.
func (l *log[T]) at(n int64) *T { return &l.chunks[n/logChunk-l.gone][n%logChunk] }

func (l *log[T]) len() int64 { return l.next - l.first }

// after returns which elements, at most limit, come after the first n of all: from
// the one up to and without the other.
func (l *log[T]) after(n int64, limit int) (from, to int64) {
	from = max(n, l.first)
	return from, from + min(int64(limit), l.next-from)
}

// shift drops the oldest element.
func (l *log[T]) shift() {
	var zero T
	*l.at(l.first) = zero
	if l.first++; l.first%logChunk == 0 {
		l.chunks[0] = nil
		l.chunks = l.chunks[1:]
		l.gone++
	}
}
