package httpclient

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// segments joins an id from a caller to a path. An id that is empty or a dot
// segment would address another route.
func segments(root, field, id string, rest ...string) (string, error) {
	if id == "" || id == "." || id == ".." {
		return "", missing(field)
	}
	path := root + "/" + url.PathEscape(id)
	for _, part := range rest {
		path += "/" + part
	}
	return path, nil
}

func missing(field string) error { return invalid(field, "is required") }

func taskPath(id market.TaskID, rest ...string) (string, error) {
	return segments("/v1/tasks", "task_id", string(id), rest...)
}

func paged(p market.Page) url.Values {
	q := url.Values{}
	addPage(q, p)
	return q
}

// addPage leaves out zero, which means the default; the server checks any other
// number.
func addPage(q url.Values, p market.Page) {
	if p.Limit != 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Offset != 0 {
		q.Set("offset", strconv.Itoa(p.Offset))
	}
}

func addFilter(q url.Values, tags []string, search string) {
	if len(tags) > 0 {
		q.Set("tags", strings.Join(tags, ","))
	}
	if search != "" {
		q.Set("search", search)
	}
}

func browseQuery(b market.BrowseQuery) url.Values {
	q := paged(b.Page)
	addFilter(q, b.Tags, b.Search)
	return q
}

func filterQuery(f market.Filter) url.Values {
	q := url.Values{}
	addFilter(q, f.Tags, f.Search)
	return q
}

func mineQuery(m market.MineQuery) url.Values {
	q := paged(m.Page)
	if m.Role != "" {
		q.Set("role", string(m.Role))
	}
	if m.Status != "" {
		q.Set("status", string(m.Status))
	}
	addFilter(q, m.Tags, m.Search)
	if m.Order != "" {
		q.Set("order", string(m.Order))
	}
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		q.Set("metadata."+key, m.Metadata[key])
	}
	return q
}

func agentQuery(a market.AgentQuery) url.Values {
	q := paged(a.Page)
	addFilter(q, a.Tags, a.Search)
	if a.MinReputation != 0 {
		q.Set("min_reputation", strconv.FormatFloat(a.MinReputation, 'f', -1, 64))
	}
	if a.SortBy != "" {
		q.Set("sort_by", a.SortBy)
	}
	return q
}
