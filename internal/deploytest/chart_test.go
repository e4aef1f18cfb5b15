package deploytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"go.yaml.in/yaml/v4"
)

const chart = "helm/pinchwork"

// render does with the chart's templates what Helm does, for the functions that they use.
func render(t *testing.T, set map[string]any) (out string, err error) {
	t.Helper()
	values := documents(t, read(t, chart+"/values.yaml"))[0]
	merge(values, set)
	values = asHelmReads(t, values)
	all := template.New("chart")
	toYAML := func(v any) (string, error) {
		data, err := yaml.Marshal(v)
		return strings.TrimSpace(string(data)), err
	}
	all.Funcs(template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var b strings.Builder
			err := all.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"nindent": func(n int, s string) string {
			pad := "\n" + strings.Repeat(" ", n)
			return pad + strings.ReplaceAll(s, "\n", pad)
		},
		"indent": func(n int, s string) string {
			pad := strings.Repeat(" ", n)
			return pad + strings.ReplaceAll(s, "\n", "\n"+pad)
		},
		"toYaml": toYAML, "quote": strconv.Quote, "upper": strings.ToUpper, "toString": func(v any) string { return fmt.Sprint(v) },
		"kindIs": func(kind string, v any) bool { return reflect.ValueOf(v).Kind().String() == kind },
		"ternary": func(yes, no any, v bool) any {
			if v {
				return yes
			}
			return no
		},
		"toJson":  func(v any) (string, error) { data, err := json.Marshal(v); return string(data), err },
		"replace": func(old, with, s string) string { return strings.ReplaceAll(s, old, with) },
		"int":     func(v any) (int, error) { return strconv.Atoi(fmt.Sprint(v)) },
		"fail":    func(s string) (string, error) { return "", errors.New(s) },
		"default": func(instead, v any) any {
			if v == nil || v == "" {
				return instead
			}
			return v
		},
	})
	files, err := filepath.Glob(filepath.Join(deploy, chart, "templates", "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := all.ParseFiles(files...); err != nil {
		t.Fatal(err)
	}
	data := map[string]any{
		"Values": values, "Chart": map[string]any{"AppVersion": "1.2.3"},
		"Files":   chartFiles{t},
		"Release": map[string]any{"Name": "m", "Namespace": "n", "Service": "Helm"},
	}
	var b strings.Builder
	for _, file := range files {
		name := filepath.Base(file)
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		b.WriteString("---\n")
		if err := all.ExecuteTemplate(&b, name, data); err != nil {
			return "", err
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

// asHelmReads makes of all numbers what Helm makes of those in files.
func asHelmReads(t *testing.T, values map[string]any) (read map[string]any) {
	t.Helper()
	data, err := json.Marshal(values)
	if err == nil {
		err = json.Unmarshal(data, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// chartFiles are the files of a chart that are no templates.
type chartFiles struct{ t *testing.T }

// Get is the text of one.
func (f chartFiles) Get(name string) string { return read(f.t, chart+"/"+name) }

func merge(into, from map[string]any) {
	for k, v := range from {
		below, isMap := v.(map[string]any)
		if under, both := into[k].(map[string]any); isMap && both {
			merge(under, below)
			continue
		}
		into[k] = v
	}
}

var everything = map[string]any{
	"replicaCount": 2, "store": map[string]any{"secret": "db"}, "admin": map[string]any{"secret": "key"},
	"settings": map[string]any{"task-expiry": "30d"}, "ingress": map[string]any{"enabled": true, "tlsSecret": "tls"},
	"networkPolicy": map[string]any{"enabled": true}, "serviceMonitor": map[string]any{"enabled": true}, "prometheusRule": map[string]any{"enabled": true},
	"service": map[string]any{"type": "LoadBalancer"},
}

// The chart makes what it says: a server in a file by itself, or replicas on a store with
// all that belongs to them.
func TestChart(t *testing.T) {
	kinds := func(set map[string]any) ([]string, map[string]map[string]any, string) {
		text, err := render(t, set)
		if err != nil {
			t.Fatal(err)
		}
		wantSettings(t, "the chart", text)
		found := map[string]map[string]any{}
		for _, d := range documents(t, text) {
			kind := fmt.Sprint(d["kind"])
			if strings.HasSuffix(fmt.Sprint(at(d, "metadata", "name")), "-metrics") {
				kind += " of metrics"
			}
			found[kind] = d
		}
		return slices.Sorted(maps.Keys(found)), found, text
	}
	if have, _, _ := kinds(nil); !slices.Equal(have, []string{"Service", "Service of metrics", "StatefulSet"}) {
		t.Errorf("by default it makes %v", have)
	}
	have, found, text := kinds(everything)
	if !slices.Equal(have, []string{"Deployment", "Ingress", "NetworkPolicy", "PodDisruptionBudget", "PrometheusRule", "Service", "Service of metrics", "ServiceMonitor"}) {
		t.Errorf("with everything it makes %v", have)
	}
	public, inside := at(found["Service"], "spec"), at(found["Service of metrics"], "spec")
	if at(public, "type") != "LoadBalancer" || at(public, "ports", 1) != nil || at(inside, "type") != "ClusterIP" || at(inside, "ports", 0, "name") != "metrics" {
		t.Errorf("the world sees %v, the cluster %v", public, inside)
	}
	if want := documents(t, read(t, "prometheus/alerts.yaml"))[0]; !reflect.DeepEqual(at(found["PrometheusRule"], "spec"), any(want)) {
		t.Errorf("the alerts are %v", found["PrometheusRule"])
	}
	pod := at(found["Deployment"], "spec", "template", "spec")
	container := at(pod, "containers", 0)
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		if at(container, probe, "httpGet", "path") == nil {
			t.Errorf("there is no %s", probe)
		}
	}
	if at(container, "securityContext", "readOnlyRootFilesystem") != true || at(pod, "securityContext", "runAsNonRoot") != true {
		t.Errorf("the pod is not closed: %v", pod)
	}
	for _, want := range []string{"PINCHWORK_STORE_FILE", "PINCHWORK_ADMIN_KEY_FILE", "secretName: db", "secretName: key", "name: PINCHWORK_TASK_EXPIRY\n              value: \"30d\"", "image: \"ghcr.io/pinchwork/pinchwork:1.2.3\""} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if _, err := render(t, map[string]any{"replicaCount": 2}); err == nil || !strings.Contains(err.Error(), "store.secret is needed") {
		t.Errorf("two replicas on a file: %v", err)
	}
}

// What YAML and Helm make of a value is what the server takes, and a name that is no
// setting is refused.
func TestSettingsOfTheChart(t *testing.T) {
	text, err := render(t, map[string]any{"settings": map[string]any{
		"rate-limits": false, "webhook-allow-private": true, "rate-read": false, "initial-credits": 2_000_000, "platform-fee-percent": 2.5,
		"max-agent-bytes": "1GiB", "abandon-limit": 0,
	}})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]any{}
	env, _ := at(workload(t, text), "spec", "template", "spec", "containers", 0, "env").([]any)
	for _, one := range env {
		have[fmt.Sprint(at(one, "name"))] = at(one, "value")
	}
	for name, want := range map[string]string{
		"RATE_LIMITS": "off", "WEBHOOK_ALLOW_PRIVATE": "on", "RATE_READ": "off", "INITIAL_CREDITS": "2000000", "PLATFORM_FEE_PERCENT": "2.5",
		"MAX_AGENT_BYTES": "1GiB", "ABANDON_LIMIT": "0",
	} {
		if got := have["PINCHWORK_"+name]; got != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}

	var taken []string
	names, _ := at(documents(t, read(t, chart+"/values.schema.json"))[0], "properties", "settings", "propertyNames", "enum").([]any)
	for _, name := range names {
		taken = append(taken, "PINCHWORK_"+strings.ToUpper(strings.ReplaceAll(fmt.Sprint(name), "-", "_")))
	}
	// The chart sets these by itself.
	taken = append(taken, "PINCHWORK_LISTEN", "PINCHWORK_METRICS_LISTEN", "PINCHWORK_STORE", "PINCHWORK_ADMIN_KEY")
	slices.Sort(taken)
	if want := slices.Sorted(maps.Keys(settings(t))); !slices.Equal(taken, want) {
		t.Errorf("the schema has the settings\n%v, there are\n%v", taken, want)
	}
}

// workload is what runs the server.
func workload(t *testing.T, text string) map[string]any {
	t.Helper()
	for _, d := range documents(t, text) {
		if at(d, "spec", "template") != nil {
			return d
		}
	}
	t.Fatalf("nothing runs in\n%s", text)
	return nil
}

// Helm itself finds nothing wrong with it.
func TestChartLints(t *testing.T) {
	helm := program(t, "helm")
	dir := filepath.Join(deploy, chart)
	all := []string{"--set", "replicaCount=2,store.secret=db,admin.secret=key,ingress.enabled=true,networkPolicy.enabled=true,serviceMonitor.enabled=true,prometheusRule.enabled=true"}
	for _, set := range [][]string{nil, all} {
		run(t, helm, append([]string{"lint", "--strict", "--kube-version", "1.30.0", dir}, set...)...)
		documents(t, run(t, helm, append([]string{"template", "--kube-version", "1.30.0", "m", dir}, set...)...))
	}
	for _, set := range []string{"replicaCount=0", "settings.store=x", "settings.task-expirey=3h", "colour=red", "replicaCount=2"} {
		if out, err := exec.CommandContext(t.Context(), helm, "template", "--kube-version", "1.30.0", "m", dir, "--set", set).CombinedOutput(); err == nil {
			t.Errorf("%s is taken:\n%s", set, out)
		}
	}
}
