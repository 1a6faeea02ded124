package instance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	template = "user-data.yaml.tftpl"
	maxBytes = 16 << 10 // of user data, before base64. Source: EC2 User Guide, "User data".
)

// values are what Terraform gives the template.
type values map[string]any

// longest are values as long as AWS and the stack's own validations let them be.
func longest() values {
	return values{
		"region":                     "ap-southeast-99",
		"bucket":                     strings.Repeat("b", 63),
		"artifact_key":               "calculator/" + strings.Repeat("k", 100),
		"artifact_version":           strings.Repeat("v", 64),
		"artifact_sha256":            strings.Repeat("0123456789abcdef", 4),
		"kms_key_arn":                "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef",
		"run_id":                     strings.Repeat("r", 64),
		"history_database_parameter": "/" + strings.Repeat("p", 1000),
		"load_balancer_cidrs":        []string{"172.31.0.0/16", "100.64.0.0/16", "100.65.0.0/16", "100.66.0.0/16", "100.67.0.0/16"},
		"rate_limit":                 1000000,
		"rate_burst":                 1000000,
	}
}

// terraform returns the program that renders, or skips the test.
func terraform(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("neither terraform nor tofu is installed: the user data cannot be rendered")
	return ""
}

// render has Terraform itself render the template.
func render(t *testing.T, v values) string {
	t.Helper()
	program, folder := terraform(t), t.TempDir()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	v = maps.Clone(v)
	v["here"] = here
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "values.json"), text, 0o600)
	write(t, filepath.Join(folder, "main.tf"),
		[]byte("locals {\n\tuser_data = templatefile(\""+filepath.Join(here, template)+"\", jsondecode(file(\"values.json\")))\n}\n"), 0o600)
	write(t, filepath.Join(folder, "terraformrc"), nil, 0o600)

	cmd := exec.CommandContext(t.Context(), program, "-chdir="+folder, "console")
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(folder, "terraformrc"), "CHECKPOINT_DISABLE=1")
	cmd.Stdin = strings.NewReader("base64encode(local.user_data)\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("render with %s: %v\n%s", program, err, out)
	}
	rendered, err := base64.StdEncoding.DecodeString(strings.Trim(strings.TrimSpace(string(out)), `"`))
	if err != nil {
		t.Fatalf("render with %s: %v\n%s", program, err, out)
	}
	return string(rendered)
}

// A written file is what cloud-init makes of an entry of write_files.
type written struct {
	content    string
	executable bool
}

// unpack returns the files that the user data has cloud-init write, by path.
func unpack(t *testing.T, userData string) map[string]written {
	t.Helper()
	var config struct {
		Files []struct {
			Path        string `yaml:"path"`
			Encoding    string `yaml:"encoding"`
			Permissions string `yaml:"permissions"`
			Content     string `yaml:"content"`
		} `yaml:"write_files"`
	}
	if err := yaml.Unmarshal([]byte(userData), &config); err != nil {
		t.Fatalf("read the user data: %v", err)
	}
	files := make(map[string]written)
	for _, f := range config.Files {
		if f.Encoding == "gz+b64" {
			f.Content = gunzip(t, f.Path, f.Content)
		}
		files[f.Path] = written{f.Content, strings.HasSuffix(f.Permissions, "755")}
	}
	return files
}

func gunzip(t *testing.T, name, content string) string {
	t.Helper()
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(content)))
	if err != nil {
		t.Fatalf("unpack %s: %v", name, err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(reader); err != nil {
		t.Fatalf("unpack %s: %v", name, err)
	}
	return text.String()
}

func write(t *testing.T, name string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, content, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestUserDataFitsIntoWhatEC2Takes(t *testing.T) {
	userData := render(t, longest())
	t.Logf("%d bytes with the longest values", len(userData))
	if len(userData) > maxBytes {
		t.Errorf("the user data has %d bytes with the longest values, want at most %d", len(userData), maxBytes)
	}
	if !strings.HasPrefix(userData, "#cloud-config\n") {
		t.Errorf("the user data begins with %.20q, want #cloud-config: cloud-init would take it for something else", userData)
	}
}

func TestUserDataPassesTheSchemaOfCloudInit(t *testing.T) {
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not installed: the user data is not held against its schema")
	}
	good := filepath.Join(t.TempDir(), "user-data.yaml")
	userData := render(t, longest())
	write(t, good, []byte(userData), 0o600)
	out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", good).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Valid") || strings.Contains(strings.ToLower(string(out)), "deprecat") {
		t.Errorf("cloud-init schema = %v, %s", err, out)
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	write(t, bad, []byte(strings.Replace(userData, "encoding: gz+b64", "encoding: zip", 1)), 0o600)
	if out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", bad).CombinedOutput(); err == nil {
		t.Errorf("cloud-init schema of a wrong encoding passes: %s", out)
	}
}

func TestUserDataCarriesTheFilesOfThisFolder(t *testing.T) {
	files := unpack(t, render(t, longest()))
	for path, want := range map[string]struct {
		file       string
		executable bool
	}{
		"/etc/secondwind/nginx.conf":             {"nginx.conf", false},
		"/etc/systemd/system/calculator.service": {"calculator.service", false},
		"/usr/local/lib/secondwind/aws.py":       {"aws.py", true},
		"/usr/local/lib/secondwind/install.sh":   {"install.sh", true},
	} {
		got, ok := files[path]
		if !ok || got.content != read(t, want.file) || got.executable != want.executable {
			t.Errorf("%s is not %s with executable %t", path, want.file, want.executable)
		}
	}
}

func TestHeaderListsExactlyTheVariablesOfTheTemplate(t *testing.T) {
	text := read(t, template)
	header, body, ok := strings.Cut(text, "write_files:")
	if !ok {
		t.Fatalf("%s has no write_files", template)
	}
	var listed, used []string
	for _, m := range regexp.MustCompile(`(?m)^#   ([a-z0-9_]+)  `).FindAllStringSubmatch(header, -1) {
		listed = append(listed, m[1])
	}
	for _, m := range regexp.MustCompile(`[$%]\{ ?(?:for \w+ in )?(?:base64gzip\(file\("\$\{)?([a-z0-9_]+)`).FindAllStringSubmatch(body, -1) {
		if !slices.Contains([]string{"cidr", "endfor"}, m[1]) {
			used = append(used, m[1])
		}
	}
	known := append(slices.Collect(maps.Keys(longest())), "here")
	slices.Sort(listed)
	slices.Sort(used)
	slices.Sort(known)
	used = slices.Compact(used)
	if !slices.Equal(listed, used) || !slices.Equal(listed, known) {
		t.Errorf("the header lists\n%v, the template uses\n%v, the tests give\n%v", listed, used, known)
	}
}
