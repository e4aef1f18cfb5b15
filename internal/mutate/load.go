package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// mutant is one change: id chooses it in the test binary, name is what survivors.txt
// calls it, which no change of other lines changes, and at is where it is.
type mutant struct {
	id       int
	name, at string
}

// mutated is a package with all mutants in its files.
type mutated struct {
	name    string
	files   map[string][]byte
	mutants []mutant
}

// load reads a package and its types, and puts the mutants into it.
func load(dir string) (*mutated, error) {
	exports, err := exportsOf(dir)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	if _, err := conf.Check(dir, fset, files, info); err != nil {
		return nil, err
	}
	return mutate(fset, files, info)
}

func mutate(fset *token.FileSet, files []*ast.File, info *types.Info) (*mutated, error) {
	all := &mutated{name: files[0].Name.Name, files: map[string][]byte{}}
	for _, file := range files {
		path := fset.Position(file.Package).Filename
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		w := &writer{fset: fset, info: info, source: source, all: all}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				w.function = f.Name.Name
				w.block(f.Body.List)
			}
		}
		if all.files[path], err = w.edited(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all, nil
}

// exportsOf says where the compiler has left the types of what the package imports.
func exportsOf(dir string) (map[string]string, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	return exports, nil
}

// build compiles the tests with all mutants and returns the binary.
func build(dir, work string, pkg *mutated) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	pkg.files[filepath.Join(dir, "mutants_of_this_build.go")] = []byte("package " + pkg.name + "\n" + helpers)
	replace := map[string]string{}
	for path, text := range pkg.files {
		from, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		replace[from] = filepath.Join(work, filepath.Base(path))
		if err := os.WriteFile(replace[from], text, 0o600); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list, binary := filepath.Join(work, "overlay.json"), filepath.Join(work, "tests")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", list, "-o", binary, dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("the mutants do not compile: %w\n%s", err, out)
	}
	return binary, nil
}
