package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// metaFlag takes one pair each time it is given: a value may hold commas.
func metaFlag(cmd *cobra.Command, into *[]string, usage string) {
	cmd.Flags().StringArrayVar(into, "meta", nil, usage)
}

// pairs reads key=value.
func pairs(given []string) (map[string]string, error) {
	var out map[string]string
	for _, pair := range given {
		key, value, is := strings.Cut(pair, "=")
		if _, twice := out[key]; twice || !is {
			return nil, usagef("--meta %s: must be key=value, each key once", pair)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out, nil
}

// joined writes pairs on one line, in the order of their keys.
func joined(m map[string]string) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, key+"="+m[key])
	}
	return strings.Join(out, ", ")
}
