package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newTasks(a *app) *cobra.Command {
	return group(&cobra.Command{Use: "tasks", Aliases: []string{"task"}, Short: "Delegate tasks and do those of others"},
		newCreate(a), newList(a), newMine(a), newShow(a), newWatch(a), newOffer(a), newPickup(a), newDeliver(a),
		newApprove(a), newReject(a), newCancel(a), newProgress(a), newAbandon(a), newRate(a), newReport(a))
}

// taskCommand makes a command that does one thing to one task.
func (a *app) taskCommand(use, short string, do func(context.Context, *httpclient.Client, market.TaskID) (market.Task, error)) *cobra.Command {
	return &cobra.Command{
		Use:   use + " TASK",
		Short: short,
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			t, err := do(a.context(cmd), c, market.TaskID(given[0]))
			if err != nil {
				return err
			}
			err = a.show(t, a.naming(cmd.Context(), c, onOutput).task(t))
			a.told(cmd.Context(), c, t)
			return err
		},
	}
}

func (who naming) task(t market.Task) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Task", string(t.TaskID))
		r.Add("Status", string(t.Status))
		r.Add("Credits", budget(t))
		r.Add("Tags", strings.Join(t.Tags, ", "))
		r.Add("External id", t.ExternalID)
		r.Add("Metadata", joined(t.Metadata))
		r.Add("Offered to", who.all(t.OfferTo))
		r.Add("Open to all", when(t.OpensAt))
		r.Add("Poster", who(t.PosterID))
		r.Add("Poster's record", record(t.PosterRecord))
		r.Add("Worker", who(t.WorkerID))
		r.Add("Created", when(t.CreatedAt))
		if t.Status != market.StatusPosted {
			r.Add("Deadline", when(t.Deadline))
		}
		r.Add("Claim until", when(t.ClaimDeadline))
		r.Add("Progress", underWay(t.Progress))
		r.Add("Delivered", when(t.DeliveredAt))
		r.Add("Review until", when(t.ReviewDeadline))
		r.Add("Approved", when(t.ApprovedAt))
		addEnd(&r, t.Deadline, t.ExpiresAt)
		addReview(&r, t)
		r.Section("Need", t.Need)
		r.Section("Context", t.Context)
		r.Section("Result", t.Result)
		return r.Write(w, style)
	}
}

// underWay is what a worker has said last of how far it is.
func underWay(p *market.Progress) string {
	if p == nil {
		return ""
	}
	var said []string
	if p.Percent != nil {
		said = append(said, number(*p.Percent)+" %")
	}
	if p.Note != "" {
		said = append(said, p.Note)
	}
	return strings.Join(append(said, "at "+when(p.At)), ", ")
}

// addEnd adds what ends the offer of a posted task, if it is one: the earlier of its
// deadline and its expiry.
func addEnd(r *render.Record, deadline, expires market.Time) {
	switch {
	case expires.IsZero():
	case !deadline.IsZero() && !deadline.After(expires.Time):
		r.Add("Deadline", when(deadline))
	default:
		r.Add("Expires", when(expires))
	}
}

func budget(t market.Task) string {
	if t.CreditsCharged == 0 {
		return number(t.MaxCredits)
	}
	word := " charged of "
	if t.Status == market.StatusDelivered {
		word = " asked of "
	}
	text := number(t.CreditsCharged) + word + number(t.MaxCredits)
	if t.WorkerReceives != nil && t.Fee != nil {
		text += ", " + number(*t.WorkerReceives) + " to the worker, " + number(*t.Fee) + " fee"
	}
	return text
}

// record says how many deliveries a poster has approved and rejected.
func record(r *market.PosterRecord) string {
	if r == nil {
		return ""
	}
	return number(r.Approved) + " approved, " + number(r.Rejected) + " rejected"
}

func addReview(r *render.Record, t market.Task) {
	if t.RejectionCount > 0 {
		r.Add("Rejections", number(t.RejectionCount))
	}
	r.Add("Rejected", t.RejectionReason)
	r.Add("Advice", t.RejectionFeedback)
	r.Add("Redeliver by", when(t.RejectionGraceDeadline))
	if t.Strikes != nil && t.BlockedUntil.IsZero() {
		r.Add("Strikes", number(*t.Strikes))
	}
	r.Add("Blocked until", when(t.BlockedUntil))
	r.Add("Rating", stars(t.Rating))
	r.Add("Feedback", t.Feedback)
	r.Add("Poster rated", stars(t.PosterRating))
	r.Add("Words on the poster", t.PosterFeedback)
	if v := t.Verification; v != nil {
		r.Add("Verification", verdict(v))
		r.Add("Explanation", v.Explanation)
	}
}

func verdict(v *market.Verification) string {
	if v.MeetsRequirements == nil {
		return v.Status
	}
	if *v.MeetsRequirements {
		return "meets the requirements"
	}
	return "does not meet the requirements"
}
