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
		err = fmt.Errorf("--%s %s: must be %s", bad.GetFlag().Name, bad.GetValue(), kindOfNumber(bad.GetFlag()))
	}
	return misused(cmd, err)
}

// kindOfNumber is what a number that a flag takes has to be.
func kindOfNumber(f *pflag.Flag) string {
	switch {
	case strings.HasPrefix(f.Value.Type(), "float"):
		return "a number"
	case f.Name == "credits":
		return "a whole number from 1 to 100000"
	}
	return "a whole number"
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
			err = tooMuch(cmd, names, given[len(names)])
		}
		return misused(cmd, err)
	}
}

// tooMuch says where a text belongs that is one argument more than the command takes.
func tooMuch(cmd *cobra.Command, names []string, text string) error {
	for _, flag := range []string{"note", "feedback", "message"} {
		if cmd.Flags().Lookup(flag) != nil && strings.Contains(text, " ") {
			return fmt.Errorf("%q is too much: it takes %s; for a text use --%s", text, strings.Join(names, " "), flag)
		}
	}
	if strings.Contains(text, " ") {
		return fmt.Errorf("%q is too much", text)
	}
	return fmt.Errorf("%q is too much; quote what has spaces", text)
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
	if path := shows(wrong); path != "" {
		return []string{path}
	}
	if cmd.Flags().Lookup("search") != nil {
		return []string{cmd.CommandPath() + " --search " + shellWord(wrong)}
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

// shows is the command that shows what has this id, "" when it is none.
func shows(id string) string {
	switch {
	case strings.HasPrefix(id, "tk-"):
		return "pinchwork tasks show " + id
	case strings.HasPrefix(id, "ag-"):
		return "pinchwork agents show " + id
	}
	return ""
}
