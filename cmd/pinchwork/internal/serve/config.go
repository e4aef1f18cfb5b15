package serve

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ConfigEnv names the file with settings where --config does not.
const ConfigEnv = "PINCHWORK_CONFIG"

const maxConfigFile = 1 << 20

// Source says where settings come from. Of two that set the same, the first here wins:
// the flag, the environment, the file, the default.
type Source struct {
	// Config is the path of a file in YAML with one setting a line, by the name of its
	// flag; "" for none.
	Config string
	// Env looks a variable up, as os.LookupEnv does.
	Env func(name string) (value string, set bool)
	// Flag returns a flag of the command line, if it was given.
	Flag func(name string) (value string, given bool)
}

// Read fills in those settings that the command has; the file may have others as well.
// The error names the first place that is wrong and why; what is right is set all the
// same, the form of the log for one.
func (from Source) Read(settings []Setting) (Settings, error) {
	s := Defaults()
	file, failed := from.file(&s)
	for _, o := range settings {
		if err := from.set(&s, o, file); failed == nil {
			failed = err
		}
	}
	return s, failed
}

func (from Source) set(s *Settings, o Setting, file map[string]line) error {
	if !o.Secret {
		if value, given := from.Flag(o.Flag); given {
			if value == "" {
				return nil
			}
			return o.Set(s, value)
		}
	}
	if done, err := from.fromEnv(s, o); done || err != nil {
		return err
	}
	if l, given := file[o.Key]; given {
		return l.in(from.Config, o.take(s, l.value))
	}
	if l, given := file[o.Key+"-file"]; given && o.File {
		return l.in(from.Config, o.fromFile(s, from.beside(l.value)))
	}
	return nil
}

// beside is the path of a file that the file with settings names: seen from its folder,
// so that both can be taken elsewhere together, and wherever the program is started.
func (from Source) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(from.Config), path)
}

func (from Source) fromEnv(s *Settings, o Setting) (done bool, err error) {
	value, given := from.Env(o.Env)
	given = given && (value != "" || o.Secret)
	if path, _ := from.Env(o.Env + "_FILE"); o.File && path != "" {
		if given {
			return false, fmt.Errorf("%s and %s_FILE are both set: unset one of them", o.Env, o.Env)
		}
		if err := o.fromFile(s, path); err != nil {
			return false, fmt.Errorf("%s_FILE: %w", o.Env, err)
		}
		return true, nil
	}
	if !given {
		return false, nil
	}
	return true, o.Set(s, value)
}

// fromFile sets what a file holds.
func (o *Setting) fromFile(s *Settings, path string) error {
	value, warning, err := readSecret(path)
	if err != nil {
		return err
	}
	if warning != "" {
		s.Warnings = append(s.Warnings, warning)
	}
	return o.take(s, value)
}

// line is one setting of a file.
type line struct {
	key, value string
	number     int
}

// in says where an error comes from.
func (l line) in(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s, line %d: %s: %w", path, l.number, l.key, err)
}

// file reads the file with settings and refuses what is no setting.
func (from Source) file(s *Settings) (map[string]line, error) {
	if from.Config == "" {
		return nil, nil
	}
	info, err := os.Stat(from.Config)
	if err != nil {
		return nil, fmt.Errorf("--config (%s): %w", ConfigEnv, err)
	}
	if info.Size() > maxConfigFile {
		return nil, fmt.Errorf("--config (%s): %s has more than %s", ConfigEnv, from.Config, showSize(maxConfigFile))
	}
	data, err := os.ReadFile(from.Config)
	if err != nil {
		return nil, fmt.Errorf("--config (%s): %w", ConfigEnv, err)
	}
	lines, err := parseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from.Config, err)
	}
	known := configKeys()
	file := map[string]line{}
	for _, l := range lines {
		switch _, twice := file[l.key]; {
		case !slices.Contains(known, l.key):
			return nil, l.in(from.Config, errors.New("there is no such setting"+didYouMean(l.key, known)))
		case twice:
			return nil, l.in(from.Config, errors.New("is set twice"))
		}
		file[l.key] = l
	}
	for key := range file {
		if l, both := file[key+"-file"]; both {
			return nil, l.in(from.Config, fmt.Errorf("%s is set as well: take one of them away", key))
		}
	}
	if hasSecret(file) {
		if warning := tooOpen(from.Config, info); warning != "" {
			s.Warnings = append(s.Warnings, warning)
		}
	}
	return file, nil
}

// configKeys are the names that a file may have.
func configKeys() []string {
	var keys []string
	for _, o := range All() {
		keys = append(keys, o.Key)
		if o.File {
			keys = append(keys, o.Key+"-file")
		}
	}
	return keys
}

func hasSecret(file map[string]line) bool {
	_, admin := file["admin-key"]
	return admin || strings.Contains(file["store"].value, "@")
}

// parseConfig reads "name: value" lines. A list stands for its values with commas.
func parseConfig(data []byte) ([]line, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, errors.New(firstLine(err.Error()))
	}
	if len(bytes.TrimSpace(data)) == 0 || len(document.Content) == 0 {
		return nil, nil
	}
	top := document.Content[0]
	if top.Kind != yaml.MappingNode {
		if top.Tag == "!!null" {
			return nil, nil
		}
		return nil, errors.New("it must have one setting a line, such as listen: 127.0.0.1:8000")
	}
	var lines []line
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		l := line{key: key.Value, number: key.Line}
		switch {
		case value.Kind == yaml.ScalarNode:
			l.value = value.Value
		case value.Kind == yaml.SequenceNode && scalars(value.Content):
			parts := make([]string, len(value.Content))
			for i, v := range value.Content {
				parts[i] = v.Value
			}
			l.value = strings.Join(parts, ",")
		default:
			return nil, fmt.Errorf("line %d: %s must have one value", l.number, l.key)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func scalars(nodes []*yaml.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode })
}

func firstLine(s string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(s, "yaml: "), "\n")
	return first
}
