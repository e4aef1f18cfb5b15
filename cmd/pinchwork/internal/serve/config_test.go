package serve

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// from is a source with these variables and flags.
func from(config string, env, flags map[string]string) Source {
	look := func(m map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
	}
	return Source{Config: config, Env: look(env), Flag: look(flags)}
}

func file(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOfTwoThatSetTheSameTheFlagWinsThenTheEnvironmentThenTheFile(t *testing.T) {
	config := file(t, 0o600, "task-expiry: 30d\nauto-approve: 2d # a comment\nclaim-timeout: 3h\ninitial-credits: 7\n"+
		"trusted-proxies: [10.0.0.0/8, '::1/128']\nplatform-fee-percent: 2.5\n")
	s, err := from(config,
		map[string]string{"PINCHWORK_AUTO_APPROVE": "4h", "PINCHWORK_CLAIM_TIMEOUT": "5h", "PINCHWORK_REJECTION_GRACE": ""},
		map[string]string{"claim-timeout": "6h"},
	).Read(All())
	if err != nil {
		t.Fatal(err)
	}
	p := s.Policy
	if p.TaskExpiry != 30*day || p.AutoApprove != 4*time.Hour || p.ClaimTimeout != 6*time.Hour || p.RejectionGrace != 5*time.Minute ||
		p.InitialCredits != 7 || p.FeePercent != 2.5 || len(s.TrustedProxies) != 2 {
		t.Errorf("%+v, proxies %v", p, s.TrustedProxies)
	}
	if len(s.Warnings) > 0 {
		t.Errorf("warned of %q", s.Warnings)
	}
}

// A mistake in a file is said in one line that names the place, the setting and what may
// have been meant.
func TestMistakesInAFileWithSettings(t *testing.T) {
	for text, want := range map[string]string{
		"listen: :80\ntask-expirey: 3h":   "line 2: task-expirey: there is no such setting, did you mean task-expiry?",
		"TASK_EXPIRY: 3h":                 "line 1: TASK_EXPIRY: there is no such setting, did you mean task-expiry?",
		"PINCHWORK_LOG: json":             "did you mean log?",
		"fee-percent: 3":                  "did you mean platform-fee-percent?",
		"colour: red":                     "line 1: colour: there is no such setting",
		"task-expiry: soon":               `line 1: task-expiry: "soon" is not a duration`,
		"task-expiry:":                    `line 1: task-expiry: "" is not a duration`,
		"log: text\nlog: json":            "log",
		"task-expiry: {a: b}":             "line 1: task-expiry must have one value",
		"- listen":                        "one setting a line",
		"just words":                      "one setting a line",
		"listen: [":                       "line",
		"admin-key: a\nadmin-key-file: b": "admin-key is set as well",
		"log-file: x":                     "there is no such setting",
		"admin-key: '  '":                 "must not be blank",
		"store-file: /nowhere":            "no such file",
	} {
		_, err := from(file(t, 0o600, text), nil, nil).Read(All())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := from("/nowhere/at/all", nil, nil).Read(All()); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		if _, err := from(file(t, 0o600, text), nil, nil).Read(All()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	key, url := file(t, 0o600, "the-key\n"), file(t, 0o400, "postgres://u:p@db/x\r\n")
	s, err := from("", map[string]string{"PINCHWORK_ADMIN_KEY_FILE": key, "PINCHWORK_STORE_FILE": url}, nil).Read(All())
	if err != nil || s.AdminKey != "the-key" || s.Store != "postgres://u:p@db/x" || len(s.Warnings) > 0 {
		t.Errorf("%q, %q, %q, %v", s.AdminKey, s.Store, s.Warnings, err)
	}
	config := file(t, 0o600, "admin-key-file: "+key+"\nstore-file: "+url+"\n")
	if s, err := from(config, nil, nil).Read(All()); err != nil || s.AdminKey != "the-key" || s.Store != "postgres://u:p@db/x" {
		t.Errorf("by the file with settings: %q, %q, %v", s.AdminKey, s.Store, err)
	}
	if s, err := from(config, map[string]string{"PINCHWORK_ADMIN_KEY": "other"}, map[string]string{"store": "memory"}).Read(All()); err != nil || s.AdminKey != "other" || s.Store != "memory" {
		t.Errorf("the environment and flags win: %q, %q, %v", s.AdminKey, s.Store, err)
	}
	for name, env := range map[string]map[string]string{
		"are both set": {"PINCHWORK_ADMIN_KEY": "a", "PINCHWORK_ADMIN_KEY_FILE": key},
		"is empty":     {"PINCHWORK_ADMIN_KEY_FILE": file(t, 0o600, " \n")},
		"one line":     {"PINCHWORK_ADMIN_KEY_FILE": file(t, 0o600, "a\nb\n")},
		"no such file": {"PINCHWORK_STORE_FILE": "/nowhere/at/all"},
		"more than":    {"PINCHWORK_STORE_FILE": file(t, 0o600, strings.Repeat("x", maxSecretFile+1))},
	} {
		if _, err := from("", env, nil).Read(All()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a file with settings names lies where the file does, as credentials of systemd and
// secrets of containers do; a variable's path is seen from the working folder.
func TestAFileWithSettingsNamesFilesBesideIt(t *testing.T) {
	config := file(t, 0o600, "admin-key-file: admin.key\nstore-file: below/store.url\n")
	folder := filepath.Dir(config)
	if err := os.Mkdir(filepath.Join(folder, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"admin.key": "the-key", "below/store.url": "postgres://u:p@db/x"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(t.TempDir())
	if s, err := from(config, nil, nil).Read(All()); err != nil || s.AdminKey != "the-key" || s.Store != "postgres://u:p@db/x" {
		t.Errorf("%q, %q, %v", s.AdminKey, s.Store, err)
	}
	if _, err := from(config, map[string]string{"PINCHWORK_ADMIN_KEY_FILE": "admin.key"}, nil).Read(All()); err == nil {
		t.Error("a variable's path is seen from the folder of the settings")
	}
	t.Chdir(folder)
	if s, err := from("file", nil, nil).Read(All()); err != nil || s.AdminKey != "the-key" {
		t.Errorf("beside it: %q, %v", s.AdminKey, err)
	}
}

func TestFilesWithSecretsThatEverybodyReadsAreWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the mode says nothing there")
	}
	for name, c := range map[string]struct {
		config string
		env    map[string]string
	}{
		"a key's file":         {"", map[string]string{"PINCHWORK_ADMIN_KEY_FILE": file(t, 0o644, "key")}},
		"a key in settings":    {file(t, 0o644, "admin-key: key"), nil},
		"a password in a URL":  {file(t, 0o644, "store: redis://u:p@host"), nil},
		"a key's file, inside": {file(t, 0o644, "admin-key-file: "+file(t, 0o644, "key")), nil},
	} {
		s, err := from(c.config, c.env, nil).Read(All())
		if err != nil || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "chmod 600") {
			t.Errorf("%s: %q, %v", name, s.Warnings, err)
		}
	}
	if s, err := from(file(t, 0o644, "listen: :80"), nil, nil).Read(All()); err != nil || len(s.Warnings) > 0 {
		t.Errorf("without a secret: %q, %v", s.Warnings, err)
	}
}

func TestWeakAdminKeysAreWarnedOf(t *testing.T) {
	for _, key := range []string{"secret", "changeme123", "operator-key", strings.Repeat("a", 100), "1234567890123456", "hunter2hunter2"} {
		if s := (&Settings{AdminKey: key}); len(s.warnings()) != 1 || strings.Contains(s.warnings()[0], key) {
			t.Errorf("%q: %q", key, s.warnings())
		}
	}
	for _, key := range []string{"", "u3vK0o2FJ9m4q0eX7v1o6cQh3m8Jm1b5B2k7yqZk0aE=", "9f86d081884c7d659a2feaa0c55ad015"} {
		if s := (&Settings{AdminKey: key}); len(s.warnings()) != 0 {
			t.Errorf("%q: %q", key, s.warnings())
		}
	}
}

func TestMistypedVariablesAreWarnedOf(t *testing.T) {
	got := Mistyped([]string{"PINCHWORK_TASK_EXPIREY=3h", "PINCHWORK_TASK_EXPIRY=3h", "PINCHWORK_API_KEY=x", "PINCHWORK_SERVER=x", "PINCHWORK_CONFIG=x", "PINCHWORK_ADMIN_KEY_FIEL=/x", "HOME=/"})
	if len(got) != 2 || !strings.Contains(got[0], "did you mean PINCHWORK_TASK_EXPIRY?") || !strings.Contains(got[1], "PINCHWORK_ADMIN_KEY_FILE") {
		t.Errorf("%q", got)
	}
}
