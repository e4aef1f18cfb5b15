package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// A wrong use is answered with an example, so every command has one that it takes.
func TestEveryCommandHasAnExampleThatItTakes(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	root := newRoot(a)
	each(root, func(cmd *cobra.Command) {
		example := exampleOf(cmd)
		_, line, is := strings.Cut(" "+example, " "+cmd.CommandPath())
		if !is || line != "" && line[0] != ' ' {
			t.Errorf("%s: the example is %q", cmd.CommandPath(), example)
			return
		}
		for word := range strings.FieldsSeq(line) {
			name, isFlag := strings.CutPrefix(word, "--")
			if isFlag && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
				t.Errorf("%s: the example has the flag %s, which there is not", cmd.CommandPath(), word)
			}
		}
	})
}

// each visits the commands that do something, without those of cobra itself.
func each(cmd *cobra.Command, visit func(*cobra.Command)) {
	for _, child := range cmd.Commands() {
		if child.Name() == "completion" || child.Name() == "help" {
			continue
		}
		if !child.HasSubCommands() {
			visit(child)
		}
		each(child, visit)
	}
}

// One word has one meaning: --wait is waitFlag's wherever it is.
func TestEveryWaitIsTheSameFlag(t *testing.T) {
	found := 0
	each(newRoot(&app{getenv: func(string) string { return "" }}), func(cmd *cobra.Command) {
		f := cmd.Flags().Lookup("wait")
		if f == nil {
			return
		}
		found++
		if s, is := f.Value.(*span); !is || s.unit != time.Second || !strings.Contains(f.Usage, "exits with ") {
			t.Errorf("%s --wait is another flag: %s", cmd.CommandPath(), f.Usage)
		}
	})
	if found != 4 {
		t.Errorf("%d commands wait", found)
	}
}

func TestNearestFlag(t *testing.T) {
	cmd, _, err := newRoot(&app{getenv: func(string) string { return "" }}).Find([]string{"tasks", "create"})
	if err != nil {
		t.Fatal(err)
	}
	for wrong, want := range map[string]string{"credit": "credits", "crdits": "credits", "tag": "tags", "claim-timout": "claim-timeout", "xyzzy": "", "q": ""} {
		if got := nearestFlag(cmd, wrong); got != want {
			t.Errorf("--%s: %q, want %q", wrong, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	for text, want := range map[string]time.Duration{"90": 90 * time.Second, "90s": 90 * time.Second, "2h": 2 * time.Hour, "3d": 72 * time.Hour, "1h30m": 90 * time.Minute} {
		s := span{unit: time.Second}
		if err := s.Set(text); err != nil || s.d != want {
			t.Errorf("%s: %v, %v", text, s.d, err)
		}
	}
	for _, text := range []string{"", "soon", "-1", "0", "d", "1.5d", "-3d", "99999999999d"} {
		s := span{unit: time.Second}
		if err := s.Set(text); err == nil {
			t.Errorf("%q is taken as %v", text, s.d)
		}
	}
	for d, want := range map[time.Duration]string{time.Hour: "1h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 15 * time.Second: "15s", 0: "0", time.Hour + 30*time.Minute: "1h30m"} {
		if got := spanText(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}

// However the program was built, its version is that of the tag.
func TestVersionsAreWrittenAsTags(t *testing.T) {
	for built, want := range map[string]string{
		"0.1.0": "v0.1.0", "v0.1.0": "v0.1.0", "1.2.3-rc.1": "v1.2.3-rc.1", "v0.1.0-5-g620c4df": "v0.1.0-5-g620c4df",
		"v0.0.0-20261129161400-620c4df0": "v0.0.0-20261129161400-620c4df0", "620c4df": "620c4df", "(devel)": "(devel)",
	} {
		if got := asTag(built); got != want {
			t.Errorf("%s is written %s, want %s", built, got, want)
		}
	}
}

func TestTheClockIsCompared(t *testing.T) {
	now := time.Now()
	for skew, want := range map[time.Duration]string{0: "", 90 * time.Second: "ahead of", -time.Hour: "behind"} {
		c := clockCheck(about{date: now.Add(-skew)})
		if c.OK != (want == "") || !strings.Contains(c.Text, want) {
			t.Errorf("%v: %+v", skew, c)
		}
	}
	if c := clockCheck(about{}); !c.OK {
		t.Errorf("no date: %+v", c)
	}
}
