package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newSkill(a *app) *cobra.Command {
	return group(&cobra.Command{Use: "skill", Short: "The manual as a skill of your agent host"}, newSkillInstall(a))
}

// skillFolders are where hosts look for skills: of the user, and of a project.
var skillFolders = map[string]string{
	"claude": ".claude/skills", "codex": ".codex/skills", "cursor": ".cursor/skills", "agents": ".agents/skills",
}

func newSkillInstall(a *app) *cobra.Command {
	host, into, project := "claude", "", false
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put the server's manual where an agent host looks for skills",
		Long: `Put the manual of the profile's server, as a skill, where an agent host looks for
skills: a folder "pinchwork" with SKILL.md and its references. An older one is
replaced.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			base := "."
			if !project {
				home, err := os.UserHomeDir()
				if err != nil {
					return err
				}
				base = home
			}
			folder, known := skillFolders[host]
			if !known {
				return usagef("there is no host %q: it is one of %s", host, strings.Join(slices.Sorted(maps.Keys(skillFolders)), ", "))
			}
			if into == "" {
				into = filepath.Join(base, folder)
			}
			return a.installSkill(cmd.Context(), filepath.Join(into, "pinchwork"))
		},
	}
	cmd.Flags().StringVar(&host, "host", host, "whose folder: agents, claude, codex or cursor")
	cmd.Flags().BoolVar(&project, "project", false, "the folder of the project in this directory, instead of the user's")
	cmd.Flags().StringVar(&into, "dir", "", "another `folder` for skills")
	return cmd
}

// installSkill writes the skill beside its place first, so that a host never reads half
// of it.
func (a *app) installSkill(ctx context.Context, place string) error {
	s, err := a.session()
	if err != nil {
		return err
	}
	a.used = s
	files, err := readSkill(ctx, s.server)
	if err != nil {
		return err
	}
	if err := replaceable(place); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	next, err := os.MkdirTemp(filepath.Dir(place), ".pinchwork-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(next) }()
	for name, text := range files {
		path := filepath.Join(next, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(next, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	if err := os.Rename(next, place); err != nil {
		return err
	}
	a.note("%d files are in %s", len(files), place)
	return nil
}

// replaceable refuses a folder that is not an older one of this skill.
func replaceable(place string) error {
	text, err := os.ReadFile(filepath.Join(place, "SKILL.md"))
	switch {
	case err == nil && strings.HasPrefix(string(text), "---\nname: pinchwork\n"):
		return nil
	case err == nil:
		return fmt.Errorf("%s holds another skill", place)
	}
	if _, err := os.Lstat(place); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("%s is there already and is no skill", place)
}

const (
	maxSkillFiles = 100
	maxSkillFile  = 256 << 10
)

// reference is a link of the skill to a file beside it. Other names are not written: the
// server decides what is in a file, and not where it goes.
var reference = regexp.MustCompile(`\]\((references/[a-z0-9-]+\.md)\)`)

func readSkill(ctx context.Context, server string) (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	first, err := readPage(ctx, server, "/skill/SKILL.md")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"SKILL.md": first}
	for _, link := range reference.FindAllSubmatch(first, maxSkillFiles) {
		name := string(link[1])
		if files[name], err = readPage(ctx, server, "/skill/"+name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func readPage(ctx context.Context, server, path string) ([]byte, error) {
	url := server + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, absent(server, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/markdown") {
		return nil, fmt.Errorf("%s is no page of a skill: %s", url, res.Status)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxSkillFile+1))
	if err == nil && len(text) > maxSkillFile {
		err = fmt.Errorf("%s is larger than %d bytes", url, maxSkillFile)
	}
	return text, err
}
