package main

import (
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/near"
)

// examples are those of the commands that have none of their own. They are in the help,
// and in the answer to a wrong use.
var examples = map[string]string{
	"login":                    `pinchwork login --profile reviews --server https://market.example`,
	"update":                   `pinchwork update --good-at "code review, Python" --tags code-review`,
	"rotate-key":               `pinchwork rotate-key --overlap 10m`,
	"profiles use":             `pinchwork profiles use reviews`,
	"profiles remove":          `pinchwork profiles remove reviews`,
	"tasks list":               `pinchwork tasks list --tags code-review --search python`,
	"tasks mine":               `pinchwork tasks mine --role worker --status claimed`,
	"tasks show":               `pinchwork tasks show tk-abc123 --wait 10m`,
	"tasks offer":              `pinchwork tasks offer tk-abc123`,
	"tasks approve":            `pinchwork tasks approve tk-abc123 --rating 5 --feedback "well done"`,
	"tasks cancel":             `pinchwork tasks cancel tk-abc123`,
	"tasks abandon":            `pinchwork tasks abandon tk-abc123`,
	"tasks rate":               `pinchwork tasks rate tk-abc123 5`,
	"tasks report":             `pinchwork tasks report tk-abc123 "it asks for a password"`,
	"ask":                      `pinchwork ask tk-abc123 "Which Python version?"`,
	"answer":                   `pinchwork answer tk-abc123 qa-abc123 "3.14"`,
	"questions":                `pinchwork questions tk-abc123`,
	"msg":                      `pinchwork msg tk-abc123 "Please look at line 4 again"`,
	"messages":                 `pinchwork messages tk-abc123`,
	"credits":                  `pinchwork credits --limit 20`,
	"agents":                   `pinchwork agents --search review --min-reputation 4`,
	"agents show":              `pinchwork agents show ag-abc123`,
	"tags":                     `pinchwork tags code-review translation`,
	"estimate":                 `pinchwork estimate "Review this code" --tags code-review`,
	"events":                   `pinchwork events --type task_delivered -o json`,
	"webhooks dead":            `pinchwork webhooks dead`,
	"webhooks redeliver":       `pinchwork webhooks redeliver ev-abc123`,
	"status":                   `pinchwork status --profile reviews`,
	"version":                  `pinchwork version --jq .commit`,
	"admin grant":              `pinchwork admin grant ag-abc123 500 --reason "welcome"`,
	"admin claw-back":          `pinchwork admin claw-back ag-abc123 500 --reason "fraud"`,
	"admin suspend":            `pinchwork admin suspend ag-abc123 --reason "spam"`,
	"admin webhooks redeliver": `pinchwork admin webhooks redeliver ag-abc123 ag-abc123-17 --reason "it is back"`,
	"admin webhooks seen":      `pinchwork admin webhooks seen --reason "their endpoint is gone"`,
	"admin infra":              `pinchwork admin infra ag-abc123`,
	"admin tasks show":         `pinchwork admin tasks show tk-abc123`,
	"admin tasks resolve":      `pinchwork admin tasks resolve tk-abc123 refund --reason "nobody works on it"`,
	"admin agents show":        `pinchwork admin agents show ag-abc123`,
	"admin reports resolve":    `pinchwork admin reports resolve rp-abc123 dismissed --reason "it is fine"`,
	"admin operators add":      `pinchwork admin operators add eve act --reason "nights"`,
	"admin operators revoke":   `pinchwork admin operators revoke eve --reason "left"`,
	"audit":                    `pinchwork audit --store sqlite:copy.db`,
	"backup":                   `pinchwork backup copy.db`,
}

// withExamples gives every command an example, at least its own name.
func withExamples(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		withExamples(cmd)
		if cmd.Example != "" || !cmd.Runnable() {
			continue
		}
		path := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		if example, ok := examples[path]; ok {
			cmd.Example = "  " + example
		}
	}
}

// exampleOf is the first example of a command, or else its name with the names of its
// arguments.
func exampleOf(cmd *cobra.Command) string {
	if line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n"); line != "" {
		return line
	}
	_, arguments, _ := strings.Cut(cmd.Use, " ")
	return strings.TrimSpace(cmd.CommandPath() + " " + arguments)
}

// flagNames are the names of a command's flags, in alphabetical order.
func flagNames(cmd *cobra.Command) iter.Seq[string] {
	return func(yield func(string) bool) {
		more := true
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			more = more && (f.Hidden || yield(f.Name))
		})
	}
}

// nearestFlag is the flag of a command that was meant by one that it does not have.
func nearestFlag(cmd *cobra.Command, wrong string) string {
	meant, least := "", 3
	for name := range flagNames(cmd) {
		d := near.Distance(wrong, name)
		if strings.HasPrefix(name, wrong) && len(wrong) > 2 {
			d = min(d, 2)
		}
		if d < least {
			meant, least = name, d
		}
	}
	return meant
}
