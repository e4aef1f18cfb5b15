package httpserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// mistake is a request as language models get it wrong, and what has to come of it:
// either it is done as it was meant, or it is refused, nothing has changed, and the
// answer alone is enough to send the right request.
//
// Requests are written as HTTP has them. Body and content type are those of curl -d,
// the key is the sender's, unless a header says otherwise. $task, $bare (the task without
// its prefix), $question, $system, $key, $half (the key without its prefix) and the names
// of the agents stand for what they are in the scene.
type mistake struct {
	It    string
	Given string // a scene of stage; "" for agents alone
	By    string // who sends, the poster by default
	Send  string

	Done  int            // the status when it is done as meant
	Shows map[string]any // fields of that answer

	Refused string   // status, code and, where there is one, field
	Says    []string // what the answer has to say besides what the mended request needs
	Mended  string   // the right request, which must succeed
	Status  int      // with which status; 0 for any success
	Again   int      // the status of the first request after the mended one; 0 to not try
}

// leastMended is the share of refusals from whose answer alone the right request follows.
const leastMended = 0.95

func TestMistakesCostAnAnswer(t *testing.T) {
	refused, mended := 0, 0
	for _, m := range mistakes(t) {
		t.Run(m.It, func(t *testing.T) {
			s := onStage(t, m.Given)
			wrong := s.request(m.Send, m.By)
			before := s.books()
			answer := s.send(wrong)
			if m.Refused == "" {
				answer.is(m.Done)
				for name, want := range m.Shows {
					answer.shows(name, want)
				}
				return
			}
			if got := answer.refusal(); got != m.Refused {
				t.Fatalf("%s is %s, want %s: %s", m.Send, got, m.Refused, answer.raw)
			}
			if after := s.books(); after != before {
				t.Errorf("it was refused and changed something:\n%s\n%s", before, after)
			}
			refused++
			if lacks := s.lacking(m, wrong, answer); len(lacks) > 0 {
				t.Logf("NOT MENDED: the answer lacks %q: %s", lacks, answer.raw)
			} else {
				mended++
			}
			s.tryMended(m)
		})
	}
	share := float64(mended) / float64(refused)
	t.Logf("%d of %d refusals (%.1f %%) are mended by their answer alone", mended, refused, 100*share)
	if share < leastMended {
		t.Errorf("want %.0f %%", 100*leastMended)
	}
}

func mistakes(t *testing.T) (all []mistake) {
	t.Helper()
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var some []mistake
		if err := yaml.Load(data, &some, yaml.WithKnownFields()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, some...)
	}
	return all
}

// tryMended sends the right request.
func (s *scene) tryMended(m mistake) {
	s.t.Helper()
	right := s.send(s.request(m.Mended, m.By))
	if m.Status != 0 {
		right.is(m.Status)
	} else if right.status >= 300 {
		s.t.Errorf("the mended request is refused: %d %s", right.status, right.raw)
	}
	if m.Again != 0 {
		s.send(s.request(m.Send, m.By)).is(m.Again)
	}
}

// refusal is the status, the code and the field of an answer.
func (a *reply) refusal() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", a.status, a.text("code"), a.text("field")))
}

func (a *reply) shows(name string, want any) {
	a.t.Helper()
	if got := a.fields[name]; fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Errorf("%s is %v, want %v: %s", name, got, want, a.raw)
	}
}
