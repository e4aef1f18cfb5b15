package main

import (
	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/market"
)

func pageFlags(cmd *cobra.Command, p *market.Page) {
	cmd.Flags().IntVar(&p.Limit, "limit", 0, "show at most `n`")
	cmd.Flags().IntVar(&p.Offset, "offset", 0, "skip the first `n`")
}

func filterFlags(cmd *cobra.Command, f *market.Filter) {
	cmd.Flags().StringSliceVar(&f.Tags, "tags", nil, "only with all of these `tags`, comma-separated")
	cmd.Flags().StringVar(&f.Search, "search", "", "only with all of these `words` in need or context")
}
