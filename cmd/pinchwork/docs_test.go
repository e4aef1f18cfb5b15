package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// typedCommand is a command of ours in a document: a line of a block, or words between
// backquotes.
var typedCommand = regexp.MustCompile("(?m)^ *(?:\\$ )?(?:[A-Z_]+=\\S+ )*(pinchwork [a-z-][^\n]*)$|`(pinchwork [a-z-][^`\n]*)`")

// The documents name no command and no flag that there is not.
func TestTheDocumentsNameCommandsThatExist(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, "../../README.md", "../../CONTRIBUTING.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range typedCommand.FindAllStringSubmatch(string(data), -1) {
			found++
			if problem := wrongCommand(match[1] + match[2]); problem != "" {
				t.Errorf("%s: %q: %s", filepath.Base(file), match[1]+match[2], problem)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d commands found", found)
	}
}

// afterCommand ends a command in a shell; quoted words are no flags.
var (
	afterCommand = regexp.MustCompile(`[|>;#&].*$`)
	quoted       = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

func wrongCommand(line string) string {
	words := strings.Fields(afterCommand.ReplaceAllString(quoted.ReplaceAllString(line, "TEXT"), ""))[1:]
	root := newRoot(&app{getenv: func(string) string { return "" }})
	for len(words) > 2 && strings.HasPrefix(words[0], "--") && hasFlag(root, words[0][2:]) {
		words = words[2:] // a flag of every command, with its value
	}
	var path []string
	for _, w := range words {
		if strings.HasPrefix(w, "-") {
			break
		}
		path = append(path, w)
	}
	cmd, _, err := root.Find(path)
	if err != nil || cmd == root && len(path) > 0 && path[0] != "help" && path[0] != "completion" {
		return "no such command"
	}
	for _, w := range words {
		name, isFlag := strings.CutPrefix(w, "--")
		if name, _, _ = strings.Cut(strings.TrimRight(name, ".,"), "="); !isFlag || name == "help" || name == "version" || hasFlag(cmd, name) {
			continue
		}
		return "no flag --" + name
	}
	return ""
}

func hasFlag(cmd *cobra.Command, name string) bool {
	return cmd.Flags().Lookup(name) != nil || cmd.InheritedFlags().Lookup(name) != nil
}
