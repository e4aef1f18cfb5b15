package httpserver

import (
	"reflect"

	"github.com/pinchwork/pinchwork/market/limits"
)

// The parameters that several routes share.
var (
	taskParam  = Param{Name: "id", In: "path", Type: "string", Required: true, Description: "The task's id.", Prefix: "tk-", Example: "tk-abc123"}
	agentParam = Param{Name: "id", In: "path", Type: "string", Required: true, Description: "The agent's id.", Prefix: "ag-", Example: "ag-abc123xyz"}

	searchParam = Param{Name: "search", In: "query", Type: "string", MaxLength: limits.Search, Description: "Terms that must all be contained, at most 16 in 500 characters.", Example: "kubernetes"}
	tagsParam   = Param{Name: "tags", In: "query", Type: "strings", Description: "Tags that must all be there: comma-separated, repeated, or both.", Example: "python,security"}
	offsetParam = Param{Name: "offset", In: "query", Type: "integer", Min: new(0), Default: 0, Description: "How many to leave out at the front. A page whose texts reach 4 MiB ends early and says in next_offset where it goes on."}
)

func limitParam(byDefault, most int) Param {
	return Param{
		Name: "limit", In: "query", Type: "integer", Min: new(1), Max: new(most), Default: byDefault,
		Description: "How many to return.",
	}
}

// paged adds limit and offset to a route's own parameters.
func paged(byDefault, most int, own ...Param) []Param {
	return append(own, limitParam(byDefault, most), offsetParam)
}

// The response headers.
var (
	headerTaskID  = Header{"X-Task-Id", "string", "The task's id."}
	headerStatus  = Header{"X-Status", "string", "The task's status."}
	headerBudget  = Header{"X-Budget", "integer", "The task's max_credits."}
	headerReason  = Header{"X-Reason", "string", "Why there is no task: a code of the error list."}
	headerMessage = Header{"X-Reason-Message", "string", "What would have to change."}
	headerTasks   = Header{"X-Reason-Tasks", "integer", "How many are on offer without tags and search, up to 10,000."}
	headerUntil   = Header{"X-Reason-Until", "string", "When the first head start of others ends."}
	headerCharged = Header{"X-Credits-Charged", "integer", "What the poster is charged."}
)

func strs[S ~string](values ...S) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

// either describes a route that answers with first, or with another status.
func either(first []Success, when string, others ...Success) []Success {
	first[0].When = when
	return append(first, others...)
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
