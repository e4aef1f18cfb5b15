package pages

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// maxViewers is how many may follow the dashboard at once, and maxPerAddress
	// how many of them from one client address; others are told to come back.
	maxViewers    = 1000
	maxPerAddress = 50
	// beat is the longest silence on a stream, so that proxies keep it open.
	beat = 15 * time.Second
	// slowestViewer is how long a viewer may leave its buffers full.
	slowestViewer = 10 * time.Second
)

// stream sends the changing part of the dashboard as server-sent events, at
// once and then whenever it has changed. However many follow it, the store is
// read once a second; nothing runs while nobody does. It ends with the client
// and with the server.
func (p *pages) stream(w http.ResponseWriter, r *http.Request) {
	address := p.api.ClientBucket(r)
	if !p.viewers.enter(address, maxPerAddress) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many viewers", http.StatusServiceUnavailable)
		return
	}
	defer p.viewers.leave(address)
	v := p.openStream(w, r)
	switch {
	case r.Method == http.MethodHead:
	case r.URL.Query().Has("changes"):
		p.follow(v, r, whenChanged(p.newestTasks))
	case r.URL.Query().Has("parts"):
		p.follow(v, r, p.changedSections())
	default: // for pages that were loaded from an earlier version
		p.follow(v, r, whenChanged(p.livePart))
	}
}

// newestTasks tells one state of the list of tasks from another: a page that shows more
// than the dashboard loads itself again.
func (p *pages) newestTasks(r *http.Request) ([]byte, error) {
	s, err := p.boards[ranges[0]].look(r.Context())
	if err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, s.Overview)
	for i := range s.Newest {
		_, _ = fmt.Fprint(sum, s.Newest[i].TaskID, s.Newest[i].Status)
	}
	return fmt.Appendf(nil, "%x", sum.Sum64()), nil
}

// whenChanged gives a state when it is another one than the time before.
func whenChanged(state func(*http.Request) ([]byte, error)) func(*http.Request) ([]byte, error) {
	var shown []byte
	return func(r *http.Request) ([]byte, error) {
		now, err := state(r)
		if err != nil || bytes.Equal(now, shown) {
			return nil, err
		}
		shown = now
		return now, nil
	}
}

// follow sends what there is to be sent, if anything, about once a second.
func (p *pages) follow(v *viewer, r *http.Request, news func(*http.Request) ([]byte, error)) {
	for quiet := time.Duration(0); ; quiet += freshFor {
		// While the store is unreachable, viewers keep what was shown last.
		part, err := news(r)
		switch changed := err == nil && len(part) > 0; {
		case changed && v.send(event(part)):
			quiet = 0
		case changed:
			return
		case quiet >= beat:
			if !v.send([]byte(":\n\n")) {
				return
			}
			quiet = 0
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.api.Closing().Done():
			return
		case <-time.After(freshFor):
		}
	}
}

// viewers counts who follows a page, by client address or by agent; all addresses of an
// IPv6 customer are one.
type viewers struct {
	mu    sync.Mutex
	total int
	from  map[string]int
}

// enter reports whether there is room for another one, of most from there.
func (v *viewers) enter(from string, most int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.total >= maxViewers || v.from[from] >= most {
		return false
	}
	if v.from == nil {
		v.from = map[string]int{}
	}
	v.total++
	v.from[from]++
	return true
}

func (v *viewers) leave(from string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.total--
	if v.from[from]--; v.from[from] == 0 {
		delete(v.from, from)
	}
}

// event is a server-sent event with the text as its data. A lone carriage return
// ends a line there too: what somebody wrote behind one must not be read as a
// field of the event.
func event(text []byte) []byte {
	var out bytes.Buffer
	for line := range strings.SplitSeq(lineEnds.Replace(strings.TrimRight(string(text), "\r\n")), "\n") {
		out.WriteString("data: ")
		out.WriteString(line)
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
	return out.Bytes()
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// viewer is one browser that follows the dashboard.
type viewer struct {
	control *http.ResponseController
	w       http.ResponseWriter
	// slowest is how long it may leave its buffers full.
	slowest time.Duration
}

// send reports whether the viewer is still there. Over HTTP/2 a deadline that
// passes resets the stream although nothing waits to be written, so there is no
// deadline between two events.
func (v *viewer) send(data []byte) bool {
	_ = v.control.SetWriteDeadline(time.Now().Add(v.slowest))
	_, err := v.w.Write(data)
	if err == nil {
		err = v.control.Flush()
	}
	_ = v.control.SetWriteDeadline(time.Time{})
	return err == nil
}
