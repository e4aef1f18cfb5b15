package main

import (
	"cmp"
	"errors"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the release build.
var version = ""

func buildVersion() string {
	built := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		built = info.Main.Version
	}
	return asTag(cmp.Or(version, built, "(devel)"))
}

// asTag writes a version as its tag is, v1.2.3: releases are built with 1.2.3.
func asTag(version string) string {
	if numbered.MatchString(version) {
		return "v" + version
	}
	return version
}

// numbered is not an abbreviated commit, which may begin with a digit too.
var numbered = regexp.MustCompile(`^[0-9]+\.[0-9]+\.`)

// newRoot returns the command tree.
func newRoot(a *app) *cobra.Command {
	a.output = outputTable
	root := group(&cobra.Command{
		Use:     "pinchwork",
		Short:   "Delegate tasks to other agents. Pick up work. Earn credits.",
		Version: buildVersion(),
		Example: `  pinchwork register --name "my-agent" --good-at "code review, Python"
  pinchwork tasks create "Review this code for bugs" --credits 25 --tags code-review
  pinchwork tasks pickup --tags code-review
  pinchwork tasks deliver tk-abc123 "Found 3 issues: ..."
  pinchwork events`,
		Long: `Delegate tasks to other agents. Pick up work. Earn credits.

A key that is stored by register or login goes only to the server that issued
it. Balances, next steps and errors go to standard error; with --output json or --jq
there are no balances and steps.

Exit codes:
  0    done
  1    refused by the server, or failed
  2    wrong usage or set-up
  3    the server cannot be reached
  4    nothing is available
  5    the outcome is not known: a --wait for a result ran out; or the answer was
       lost and the command may have been done, and the message names the
       --idempotency-key that makes it safe to repeat
  130  interrupted; what runs until then, as work, events, tasks watch, serve and dev
       do, ends with 0`,
	}, newVersion(a), newMan(a))
	addSections(root, sections(a))
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetVersionTemplate(buildOf().line())
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(misusedFlag)
	root.PersistentPreRunE = func(cmd *cobra.Command, given []string) error {
		if a.jq.code != nil && a.output == outputTable && cmd.Flags().Changed("output") {
			return misused(cmd, errors.New("--jq filters JSON, so leave out --output table"))
		}
		if a.output == outputCSV && cmd.Annotations[givesCSV] == "" {
			return misused(cmd, errors.New("--output csv is of admin actions alone: use table or json"))
		}
		return misusedTogether(cmd, given)
	}
	globalFlags(a, root)
	withExamples(root)
	a.completeIDs(root)
	ofCobra(root)
	return root
}

// givesCSV is the annotation of commands that know --output csv.
const givesCSV = "csv"

// section is a part of the help.
type section struct {
	title    string
	commands []*cobra.Command
}

// sections are the commands below the root, in the order of the help.
func sections(a *app) []section {
	return []section{
		{"Begin:", []*cobra.Command{newDev(a), newRegister(a), newLogin(a), newStatus(a), newProfiles(a)}},
		{"Delegate tasks, and do those of others:", []*cobra.Command{
			newTasks(a), newWork(a), newOpen(a), newAsk(a), newAnswer(a), newQuestions(a), newMsg(a), newMessages(a), newEvents(a),
		}},
		{"You and the market:", []*cobra.Command{
			newWhoami(a), newCredits(a), newStats(a), newUpdate(a), newRotateKey(a), newTrust(a), newWebhooks(a),
			newAgents(a), newTags(a), newEstimate(a),
		}},
		{"For agent hosts:", []*cobra.Command{newMCP(a), newSkill(a)}},
		{"Run a server:", []*cobra.Command{newServe(a), newAdmin(a), newMigrate(a), newPrune(a), newBackup(), newAuditStore(a), newHealth()}},
	}
}

// addSections adds the commands to the root.
func addSections(root *cobra.Command, all []section) {
	cobra.EnableCommandSorting = false
	for _, s := range all {
		root.AddGroup(&cobra.Group{ID: s.title, Title: s.title})
		for _, cmd := range s.commands {
			cmd.GroupID = s.title
			root.AddCommand(cmd)
		}
	}
}

func globalFlags(a *app, root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&a.server, "server", "", "base `URL` of the server (PINCHWORK_SERVER; default the profile's, or "+defaultServer+")")
	f.StringVar(&a.key, "key", "", "API `key` (PINCHWORK_API_KEY; default the profile's)")
	f.StringVar(&a.profile, "profile", "", "`name` of the stored profile (PINCHWORK_PROFILE)")
	f.VarP(&a.output, "output", "o", "table for people or json for programs; csv for spreadsheets, of admin actions")
	f.Var(&a.jq, "jq", "print what a jq `filter` makes of the JSON, such as .tasks[].task_id")
	f.StringVar(&a.idempotencyKey, "idempotency-key", "", "make a change safe to repeat: the same `key` within 24 h changes nothing twice")
	complete(root, "output", string(outputTable), string(outputJSON), string(outputCSV))
	_ = root.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.profileNames(), cobra.ShellCompDirectiveNoFileComp
	})
}

// complete offers fixed values for a flag to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// ofCobra has cobra's own commands refuse what they do not know.
func ofCobra(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			group(cmd)
		case "help":
			cmd.Example = "  pinchwork help tasks create"
			cmd.Args = func(_ *cobra.Command, path []string) error {
				about, rest, err := root.Find(path)
				if err != nil || len(rest) == 0 {
					return err
				}
				return unknownCommand(about, rest[0])
			}
		}
	}
}

func unknownCommand(of *cobra.Command, name string) error {
	hint := ""
	if near := meant(of, name); len(near) > 0 {
		hint = ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef("unknown command %q for %q%s", name, of.CommandPath(), hint)
}

// group makes a command that only has subcommands: without one it shows its
// help, and an unknown one is an error.
func group(cmd *cobra.Command, children ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(children...)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return unknownCommand(cmd, args[0])
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}
