package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newRotateKey(a *app) *cobra.Command {
	var in market.RotateInput
	cmd := &cobra.Command{
		Use:   "rotate-key",
		Short: "Replace the agent's key and store the new one",
		Long: `Get another key for the agent and store it in the place of the old one, which works
on for the overlap. If the answer is lost, run the command again before that is over.
A key that others may know is replaced with --overlap 0: while it works, whoever has it
can do the same.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rotateKey(cmd, in) },
	}
	cmd.Flags().DurationVar(&in.Overlap, "overlap", time.Hour, "how long the old key works too, at most 24h; 0 ends it at once")
	return cmd
}

func (a *app) rotateKey(cmd *cobra.Command, in market.RotateInput) error {
	s, err := a.authenticated()
	if err != nil {
		return err
	}
	// A key from a flag or the environment is in no profile.
	stored := s.exists && s.key == s.stored.APIKey && s.stored.IssuedBy(s.server)
	if stored {
		// Check this before rotating: a key that cannot be stored would be lost.
		if err := a.writable(); err != nil {
			return err
		}
	}
	c, err := a.connect(s)
	if err != nil {
		return err
	}
	got, err := c.RotateKey(cmd.Context(), in)
	if err != nil {
		return err
	}
	var saveErr error
	if stored {
		saveErr = a.putKey(s.name, got.APIKey)
	}
	if err := a.show(got, rotated(got)); err != nil {
		return err
	}
	if stored && saveErr == nil {
		a.note("Stored in profile %q", s.name)
	}
	return saveErr
}

// putKey replaces the key of a stored profile.
func (a *app) putKey(name string, key market.APIKey) error {
	file, err := a.credentials()
	if err != nil {
		return err
	}
	return file.Update(func(set *credentials.Set) error {
		p := set.Profiles[name]
		p.APIKey = key
		set.Put(name, p)
		return nil
	})
}

func rotated(got market.KeyRotation) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("API key", string(got.APIKey))
		if !got.OldKeyUntil.IsZero() {
			r.Add("Old key until", fmt.Sprint(got.OldKeyUntil))
		}
		r.Section("Message", got.Message)
		return r.Write(w, style)
	}
}
