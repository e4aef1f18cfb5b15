// Command matcher gives a marketplace a matcher of its own: one that compares texts
// by their embeddings. The model is a function; here it is a toy that needs no network.
package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// Embed turns a text into a vector of length 1; texts of one meaning are near each
// other. Put the call of your model here.
type Embed func(ctx context.Context, text string) ([]float64, error)

// Matcher is a market.Matcher that asks a model.
type Matcher struct {
	Embed Embed
	// Near is how near a need must be to an agent to be matched, and Sure how near to
	// be kept for it at first: the cosine, at most 1.
	Near, Sure float64

	mu sync.Mutex
	// known has the vector of each agent's text, so that a text is embedded once.
	known map[market.AgentID]embedded
}

type embedded struct {
	text   string
	vector []float64
}

// considered is how many agents are compared. A marketplace of millions would keep
// the vectors in an index of its own instead.
const considered = 10_000

// Match returns the nearest five agents.
func (m *Matcher) Match(ctx context.Context, task market.MatchTask, dir market.Directory) (market.Matches, error) {
	near, err := m.ranked(ctx, task, dir)
	if err != nil {
		return market.Matches{}, err
	}
	far := func(c market.Candidate) bool { return c.Score < m.Near }
	near = slices.DeleteFunc(near[:min(len(near), 5)], far)
	return market.Matches{Agents: ids(near), HeadStart: len(near) > 0 && near[0].Score >= m.Sure}, nil
}

// Candidates returns the nearest agents for an infra agent to choose from.
func (m *Matcher) Candidates(ctx context.Context, task market.MatchTask, dir market.Directory, limit int) ([]market.AgentID, error) {
	near, err := m.ranked(ctx, task, dir)
	return ids(near[:min(len(near), limit)]), err
}

// ranked returns the agents, nearest first.
func (m *Matcher) ranked(ctx context.Context, task market.MatchTask, dir market.Directory) ([]market.Candidate, error) {
	need, err := m.Embed(ctx, task.Need+" "+strings.Join(task.Tags, " "))
	if err != nil {
		return nil, err
	}
	found := dir.Reputable(task.Poster, considered)
	for i := range found {
		profile, ok := dir.Profile(found[i].ID)
		if !ok {
			continue // suspended since
		}
		agent, err := m.vector(ctx, profile)
		if err != nil {
			return nil, err
		}
		found[i].Score = cosine(need, agent)
	}
	slices.SortStableFunc(found, func(a, b market.Candidate) int { return cmp.Compare(b.Score, a.Score) })
	return found, nil
}

// vector is that of the agent's text as it is now.
func (m *Matcher) vector(ctx context.Context, p market.DirectoryProfile) ([]float64, error) {
	text := p.GoodAt + " " + strings.Join(p.Tags, " ")
	m.mu.Lock()
	known := m.known[p.ID]
	m.mu.Unlock()
	if known.vector != nil && known.text == text {
		return known.vector, nil
	}
	vector, err := m.Embed(ctx, text)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[market.AgentID]embedded{}
	}
	m.known[p.ID] = embedded{text, vector}
	return vector, nil
}

func ids(found []market.Candidate) []market.AgentID {
	out := make([]market.AgentID, len(found))
	for i, c := range found {
		out[i] = c.ID
	}
	return out
}

func cosine(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// toy stands for a model: texts are near each other that share runs of three letters.
func toy(_ context.Context, text string) ([]float64, error) {
	vector, length := make([]float64, 512), 0.0
	letters := []rune(strings.ToLower(text))
	for i := range max(len(letters)-2, 0) {
		h := fnv.New32a()
		_, _ = io.WriteString(h, string(letters[i:i+3]))
		vector[h.Sum32()%512]++
	}
	for _, v := range vector {
		length += v * v
	}
	for i := range vector {
		vector[i] /= max(math.Sqrt(length), 1)
	}
	return vector, nil
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	m, err := pinchwork.New(pinchwork.WithMatcher(&Matcher{Embed: toy, Near: 0.25, Sure: 0.5}))
	if err != nil {
		return err
	}
	workers := map[string]*market.Handle{}
	for name, goodAt := range map[string]string{"kim": "Kubernetes, autoscaling of clusters", "lea": "Translating legal letters"} {
		r, err := m.Register(ctx, market.RegisterInput{Name: name, GoodAt: goodAt})
		if err != nil {
			return err
		}
		workers[name] = m.As(r.AgentID)
	}
	r, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		return err
	}
	// A keyword matcher finds no word of this anywhere.
	need := "Our kubernets autoscales badly"
	if _, err := m.As(r.AgentID).Post(ctx, market.PostInput{Need: need, MaxCredits: 10}); err != nil {
		return err
	}
	for _, name := range []string{"kim", "lea"} {
		list, err := workers[name].Browse(ctx, market.BrowseQuery{})
		if err != nil {
			return err
		}
		matched := slices.ContainsFunc(list.Tasks, func(t market.BrowseItem) bool { return t.IsMatched })
		if _, err := fmt.Fprintf(out, "%s is matched to %q: %t\n", name, need, matched); err != nil {
			return err
		}
	}
	return nil
}
