package serve

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write deploy/pinchwork.yaml")

const samplePath = "../../../../deploy/pinchwork.yaml"

// sample is the file with settings that comes with the program: each with what it does
// and its default, those without one as a comment.
func sample() []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings of a marketplace, for: pinchwork serve --config pinchwork.yaml
#
# The values are the defaults: a line may be left out. A flag --name or a variable
# PINCHWORK_NAME wins over the line here. Durations: 30d, 72h, 5m, 1500ms. The path of a
# name with -file is seen from the folder of this file, sqlite:FILE from that in which the
# server is started.
# go test ./cmd/pinchwork/internal/serve -run Sample -update writes this file.
`)
	defaults := Defaults()
	examples := map[string]string{
		"public-url": "https://market.example", "trusted-proxies": "[10.0.0.0/8]", "metrics-listen": "127.0.0.1:9100",
	}
	for _, o := range All() {
		fmt.Fprintf(&b, "\n# %s\n", o.Help)
		value := o.Get(&defaults)
		switch {
		case o.Secret:
			fmt.Fprintf(&b, "# %s-file: /run/secrets/%s\n", o.Key, o.Key)
		case value == "":
			fmt.Fprintf(&b, "# %s: %s\n", o.Key, examples[o.Key])
		case o.File:
			fmt.Fprintf(&b, "%s: %s\n# or, when it has a password in it, %s-file: /run/secrets/%s\n", o.Key, value, o.Key, o.Key)
		default:
			fmt.Fprintf(&b, "%s: %s\n", o.Key, value)
		}
	}
	return b.Bytes()
}

// The sample loads, is the defaults, and leaves no setting out.
func TestSampleHasEverySetting(t *testing.T) {
	if *update {
		if err := os.WriteFile(samplePath, sample(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, sample()) {
		t.Error("deploy/pinchwork.yaml is not what the settings are: run this test with -update")
	}
	s, err := from(samplePath, nil, nil).Read(All())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.changed(); got != "" {
		t.Errorf("the sample changes %s", got)
	}
	key := file(t, 0o600, "key")
	all := regexp.MustCompile(`(?m)^# ([a-z-]+: [^ ].*)$`).ReplaceAllString(string(text), "$1")
	all = strings.ReplaceAll(all, "/run/secrets/admin-key", key)
	s, err = from(file(t, 0o600, all), nil, nil).Read(All())
	if err != nil {
		t.Fatal(err)
	}
	if s.AdminKey != "key" || s.PublicURL == "" || s.MetricsListen == "" || len(s.TrustedProxies) != 1 {
		t.Errorf("with every line: %+v", s)
	}
}
