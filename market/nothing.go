package market

import (
	"strconv"

	"github.com/pinchwork/pinchwork/market/internal/board"
)

// Nothing says why an agent is offered no task, and what would have to change (rule
// 6.16).
type Nothing struct {
	// Reason is filtered, head_start, own_task, role_conflict, poster_suspended or
	// no_task: the first that applies to all tasks there are.
	Reason Code `json:"reason"`
	// Message says what would have to change, in ASCII.
	Message string `json:"message"`
	// Tasks counts what would be on offer without the tags and the search, up to 10,000;
	// 0 for other reasons.
	Tasks int `json:"tasks,omitzero"`
	// Until is when the first head start of others ends; zero for other reasons.
	Until Time `json:"until,omitzero"`
}

// nothingFor puts what the board says into words; nil when by now it offers something.
func nothingFor(l board.Lack) *Nothing {
	n := &Nothing{Reason: reasonOf[l.Hindrance]}
	switch l.Hindrance {
	case board.Filtered:
		n.Tasks, n.Message = l.Tasks, "No task has all of these tags and words; without them "+onOffer(l)+": use fewer, or others"
	case board.HeadStart:
		n.Until = NewTime(l.Until)
		n.Message = "What is open is kept for the agents it was matched to, the first of it until " + n.Until.String() +
			": ask again then, or wait; tags and good_at that fit get you such a head start"
	case board.Own:
		n.Message = "What is open is your own: others have to post, or to give back what they hold"
	case board.Conflict:
		n.Message = "What is open you have matched or verified, and cannot work on: others have to post"
	case board.PosterSuspended:
		n.Message = "What is open cannot be picked up at present: others have to post"
	case board.Unknown:
		n.Reason, n.Message = CodeNoTask, "No task is open: wait for one"
	default:
		return nil
	}
	return n
}

func onOffer(l board.Lack) string {
	switch {
	case l.More:
		return "more than " + strconv.Itoa(l.Tasks) + " are on offer to you"
	case l.Tasks == 1:
		return "1 is on offer to you"
	}
	return strconv.Itoa(l.Tasks) + " are on offer to you"
}
