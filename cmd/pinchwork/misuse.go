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

// misusedTogether says in words which flags are missing or exclude each other, and which
// would do nothing. Cobra checks the first two afterwards, in words about groups.
func misusedTogether(cmd *cobra.Command, given []string) error {
	if err := first(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
		names := "--" + strings.Join(flagsIn(err), " and --")
		if strings.HasSuffix(err.Error(), "were all set") {
			return misused(cmd, fmt.Errorf("%s exclude each other", names))
		}
		return misused(cmd, fmt.Errorf("%s is missing", names))
	}
	return idle(cmd, given)
}

// flagsIn are the flags that cobra's error is about, the last in brackets or else those in
// quotes.
func flagsIn(err error) []string {
	text := err.Error()
	if open, end := strings.LastIndex(text, "["), strings.LastIndex(text, "]"); open >= 0 && open < end {
		return strings.Fields(text[open+1 : end])
	}
	var names []string
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 {
			names = append(names, part)
		}
	}
	return names
}

// The annotations of flags that do nothing alone, or beside an argument.
const (
	onlyWithFlag    = "pinchwork_only_with"
	withoutArgument = "pinchwork_without_argument"
)

// onlyWith notes that a flag does nothing without another one.
func onlyWith(cmd *cobra.Command, other string, flags ...string) {
	for _, name := range flags {
		_ = cmd.Flags().SetAnnotation(name, onlyWithFlag, []string{other})
	}
}

// notBeside notes that flags do nothing where the argument is given.
func notBeside(cmd *cobra.Command, argument string, flags ...string) {
	for _, name := range flags {
		_ = cmd.Flags().SetAnnotation(name, withoutArgument, []string{argument})
	}
}

// idle refuses a flag that would do nothing: who gave it thinks that it does.
func idle(cmd *cobra.Command, given []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		for _, other := range f.Annotations[onlyWithFlag] {
			if !cmd.Flags().Changed(other) {
				err = misused(cmd, fmt.Errorf("--%s does nothing without --%s", f.Name, other))
			}
		}
		for _, argument := range f.Annotations[withoutArgument] {
			if len(given) > 0 {
				err = misused(cmd, fmt.Errorf("--%s does nothing where %s is given", f.Name, argument))
			}
		}
	})
	return err
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
