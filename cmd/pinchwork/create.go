package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// createFlags are the flags of tasks create.
type createFlags struct {
	file, about, external, batch           string
	each                                   bool
	credits                                int64
	tags, meta, offerTo                    []string
	deadline, claimWithin, review, waiting span
	openAfter                              span
}

func newCreate(a *app) *cobra.Command {
	minutes := span{unit: time.Minute}
	o := createFlags{deadline: minutes, claimWithin: minutes, review: minutes, openAfter: minutes}
	cmd := &cobra.Command{
		Use:     "create NEED",
		Aliases: []string{"post"},
		Short:   "Delegate a task",
		Long: "Delegate a task. NEED is its text, - for standard input, or @file. Its credits are held in escrow.\n\n" +
			"With --batch the tasks of a file, up to 100, are posted at once: all of them, or none when one is refused. " +
			`Each is a JSON object on a line of its own, such as {"need":"Translate page 1","max_credits":10,"tags":["french"]}.`,
		Example: `  pinchwork tasks create "Review this code for bugs" --credits 25 --tags code-review
  git diff | pinchwork tasks create - --context "Focus on races" --wait 5m`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			switch {
			case o.batch != "" && len(given) > 0:
				return usagef("a batch has its needs in its file")
			case o.batch != "":
				return a.createBatch(cmd, o.batch, o.each)
			}
			return a.create(cmd, given, &o)
		},
	}
	f := cmd.Flags()
	fileFlag(cmd, &o.file, "need")
	f.Int64Var(&o.credits, "credits", 50, "it may cost at most `n`")
	f.StringVar(&o.about, "context", "", "background for the worker; @file or - as for the need")
	f.StringSliceVar(&o.tags, "tags", nil, "`tags`, comma-separated")
	metaFlag(cmd, &o.meta, "say `key=value` about it, for both parties; once for each pair")
	f.StringVar(&o.external, "external-id", "", "your own name (`id`) for it: posted again, it is the same task")
	f.StringSliceVar(&o.offerTo, "offer-to", nil, "offer it to these `agents` alone, ids or names, comma-separated: nobody else can see it")
	f.Var(&o.openAfter, "open-after", "with --offer-to, offer it to everybody after this time (minutes, or a time like 2h or 3d)")
	f.StringVar(&o.batch, "batch", "", "post the tasks of a file of JSON lines (`path`, or - for standard input)")
	f.BoolVar(&o.each, "each", false, "with --batch, a task that is refused stops no other")
	f.Var(&o.deadline, "deadline", "drop it unless it is claimed in this time; who has claimed it and is late loses it, and it is on offer again without a deadline (minutes, or a time like 2h or 3d)")
	f.Var(&o.claimWithin, "claim-timeout", "a worker must deliver in this time (minutes, or a time like 2h or 3d)")
	f.Var(&o.review, "review-timeout", "a delivery is approved by itself after this time (minutes, or a time like 2h or 3d)")
	waitFlag(cmd, &o.waiting, "the result; exits with 5 when it is not there by then")
	for _, of := range []string{"file", "context", "tags", "meta", "external-id", "credits", "deadline", "claim-timeout", "review-timeout", "wait", "offer-to", "open-after"} {
		cmd.MarkFlagsMutuallyExclusive("batch", of)
	}
	onlyWith(cmd, "batch", "each")
	_ = cmd.RegisterFlagCompletionFunc("offer-to", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.ids(agentsFound), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func (a *app) create(cmd *cobra.Command, given []string, o *createFlags) error {
	in, err := a.postInput(cmd, given, o)
	if err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	if in.OfferTo, err = hired(cmd.Context(), c, o.offerTo); err != nil {
		return err
	}
	posted, err := c.Post(a.context(cmd), in)
	if err != nil {
		return err
	}
	if o.waiting.d == 0 {
		err := a.show(posted, postedDetails(posted))
		if a.people() && len(in.OfferTo) > 0 {
			a.note("Offered to %s", a.naming(cmd.Context(), c, onOutput).all(in.OfferTo))
		}
		a.money(cmd.Context(), c)
		a.next(market.Task{TaskID: posted.TaskID, Status: posted.Status, PosterID: c.ID()}, c.ID())
		return err
	}
	if a.people() {
		a.note("%s is posted, and stays so however this wait ends", posted.TaskID)
	}
	t, err := a.await(cmd.Context(), c, posted.TaskID, o.waiting.d)
	if t.TaskID == "" {
		// A program needs its id.
		return errors.Join(err, a.show(posted, postedDetails(posted)))
	}
	err = errors.Join(err, a.show(t, a.naming(cmd.Context(), c, onOutput).task(t)))
	a.told(cmd.Context(), c, t)
	return err
}

func (a *app) postInput(cmd *cobra.Command, args []string, o *createFlags) (market.PostInput, error) {
	need, err := a.text("need", args, o.file)
	if err != nil {
		return market.PostInput{}, err
	}
	about, err := a.expand("context", o.about)
	if err != nil {
		return market.PostInput{}, err
	}
	meta, err := pairs(o.meta)
	if err != nil {
		return market.PostInput{}, err
	}
	return market.PostInput{
		Need: need, Context: about, Tags: o.tags, Metadata: meta, ExternalID: o.external, MaxCredits: given(cmd, "credits", o.credits),
		OpenAfter:     o.openAfter.d,
		Deadline:      o.deadline.d,
		ClaimTimeout:  o.claimWithin.d,
		ReviewTimeout: o.review.d,
	}, nil
}

// hired are the agents of these ids, or of names that only one agent has.
func hired(ctx context.Context, c *httpclient.Client, given []string) ([]market.AgentID, error) {
	var ids []market.AgentID
	for _, who := range given {
		id := market.AgentID(who)
		if !strings.HasPrefix(who, "ag-") {
			list, err := c.Agents(ctx, market.AgentQuery{Search: who, Page: market.Page{Limit: mostAgents}})
			if err != nil {
				return nil, err
			}
			if id = onlyNamed(who, list.Agents); id == "" {
				return nil, usagef("--offer-to: %q is no id, and not the name of exactly one agent; find it with: pinchwork agents --search %s", who, shellWord(who))
			}
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// mostAgents is the longest page of a search.
const mostAgents = 100

// onlyNamed is the agent of that name, "" where there is none or more than one.
func onlyNamed(name string, among []market.PublicProfile) (id market.AgentID) {
	for _, p := range among {
		if p.Name != name {
			continue
		}
		if id != "" {
			return ""
		}
		id = p.ID
	}
	return id
}

func postedDetails(p market.Posted) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Task", string(p.TaskID))
		r.Add("Status", string(p.Status))
		if p.Existing {
			r.Add("Posted before", "yes, under this external id; nothing was done or paid now")
		}
		r.Add("Budget", fmt.Sprint(p.MaxCredits))
		r.Add("Balance left", fmt.Sprint(p.Balance))
		addEnd(&r, p.Deadline, p.ExpiresAt)
		r.Section("Need", p.Need)
		return r.Write(w, style)
	}
}
