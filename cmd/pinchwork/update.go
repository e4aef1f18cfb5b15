package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/market"
)

func newUpdate(a *app) *cobra.Command {
	var name, goodAt, url, secret string
	var tags []string
	var infra bool
	cmd := &cobra.Command{
		Use:     "update",
		Short:   "Change the agent's own profile",
		Long:    "Change what is given; an empty text clears the field.",
		Example: `  pinchwork update --good-at "security auditing, Python" --webhook-url ""`,
		Args:    args(cobra.NoArgs),
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "the agent's `name`")
	f.StringVar(&goodAt, "good-at", "", "what it is good at, in words")
	f.StringSliceVar(&tags, "tags", nil, "capability `tags`, comma-separated")
	f.BoolVar(&infra, "infra", false, "accept system tasks")
	f.StringVar(&url, "webhook-url", "", "https `URL` that gets the agent's events")
	f.StringVar(&secret, "webhook-secret", "", "`secret` that signs them; @file reads it from a file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !slices.ContainsFunc([]string{"name", "good-at", "tags", "infra", "webhook-url", "webhook-secret"}, cmd.Flags().Changed) {
			return misused(cmd, errors.New("nothing to change is given"))
		}
		secret, err := a.expand("webhook secret", secret)
		if err != nil {
			return err
		}
		in := market.UpdateInput{
			GoodAt:        nullable(cmd, "good-at", goodAt),
			WebhookURL:    nullable(cmd, "webhook-url", url),
			WebhookSecret: nullable(cmd, "webhook-secret", secret),
		}
		if cmd.Flags().Changed("name") {
			in.Name = market.Some(name)
		}
		if cmd.Flags().Changed("infra") {
			in.AcceptsSystemTasks = market.Some(infra)
		}
		if cmd.Flags().Changed("tags") {
			in.Tags = market.Some(tags)
		}
		return a.update(cmd, in)
	}
	return cmd
}

// nullable is a text flag for which the empty text means null.
func nullable(cmd *cobra.Command, flag, value string) market.Optional[string] {
	switch {
	case !cmd.Flags().Changed(flag):
		return market.Optional[string]{}
	case value == "":
		return market.Null[string]()
	}
	return market.Some(value)
}

func (a *app) update(cmd *cobra.Command, in market.UpdateInput) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	me, err := c.UpdateMe(cmd.Context(), in)
	if err != nil {
		return err
	}
	return a.show(me, profileOf(me))
}
