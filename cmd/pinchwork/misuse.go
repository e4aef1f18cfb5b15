package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// misused makes err a usage error of cmd.
func misused(cmd *cobra.Command, err error) error {
	return usagef("%w (see %s --help)", err, cmd.CommandPath())
}

// misusedFlag says what is wrong with a flag, and guesses which one was meant.
func misusedFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		if near := nearestFlag(cmd, unknown.GetSpecifiedName()); near != "" {
			err = fmt.Errorf("%w, did you mean --%s?", err, near)
		}
	case errors.As(err, &bad) && errors.As(err, new(*strconv.NumError)):
		err = fmt.Errorf("--%s %s: must be a number", bad.GetFlag().Name, bad.GetValue())
	}
	return misused(cmd, err)
}

// args turns cobra's argument errors into usage errors that name what is missing.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		err := check(cmd, given)
		if err == nil {
			return nil
		}
		names := argumentNames(cmd)
		switch {
		case len(given) < len(names):
			err = fmt.Errorf("%s is missing", names[len(given)])
		case len(given) > len(names):
			err = fmt.Errorf("%q is too much; quote what has spaces", given[len(names)])
		}
		return misused(cmd, err)
	}
}

// argumentNames are the words in capitals behind a command's name.
func argumentNames(cmd *cobra.Command) []string {
	words := strings.Fields(cmd.Use)[1:]
	return slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, "-") || strings.HasPrefix(w, "|") })
}

// meant are the commands that may have been meant by one that cmd does not have: those
// with a similar name, or the same name elsewhere.
func meant(cmd *cobra.Command, wrong string) []string {
	if near := cmd.SuggestionsFor(wrong); len(near) > 0 {
		return near
	}
	var out []string
	for _, group := range cmd.Root().Commands() {
		for _, child := range group.Commands() {
			if child.Name() == wrong || child.HasAlias(wrong) {
				out = append(out, child.CommandPath())
			}
		}
	}
	return out
}
