package outputs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/account/outputs"
)

const deployed = `{
  "auto_scaling_group_name": {"sensitive": false, "type": "string", "value": "secondwind-asg"},
  "region": {"sensitive": false, "type": "string", "value": "eu-central-1"},
  "load_balancer_url": {"sensitive": false, "type": "string", "value": "http://lb.example"},
  "sns_topic_arn": {"sensitive": false, "type": "string", "value": null},
  "subnets": {"sensitive": false, "type": ["tuple", ["string"]], "value": ["subnet-1"]},
  "expires": {"sensitive": false, "type": "string", "value": "2026-11-25T18:00:00+01:00"}
}`

func TestOutputsOfTheStackAreRead(t *testing.T) {
	want := outputs.Outputs{
		AutoScalingGroupName: "secondwind-asg", Region: "eu-central-1", LoadBalancerURL: "http://lb.example",
		Expires: time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC),
	}
	path := filepath.Join(t.TempDir(), "outputs.json")
	for name, text := range map[string]string{"as Terraform prints them": deployed, "with a byte order mark": "\ufeff" + deployed} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := outputs.Read(t.Context(), path); err != nil || got != want {
			t.Errorf("%s: Read() = %+v, %v, want %+v", name, got, err, want)
		}
	}
}

func TestTheExampleOfTheDocumentationIsRead(t *testing.T) {
	got, err := outputs.Read(t.Context(), filepath.Join("..", "..", "docs", "outputs.example.json"))
	if err != nil || got.RunID != "" || !got.Expires.IsZero() {
		t.Errorf("Read() = %+v, %v; want a group that nobody deployed from here", got, err)
	}
	for key, value := range map[string]string{
		"group": got.AutoScalingGroupName, "URL": got.LoadBalancerURL, "Region": got.Region, "alarm": got.ScaleOutAlarmName,
		"target group": got.TargetGroupARN,
	} {
		if value == "" {
			t.Errorf("the example names no %s", key)
		}
	}
}

func TestOutputsAreReadFromAFolderByTerraformItself(t *testing.T) {
	if _, err := exec.LookPath("terraform"); err != nil {
		if _, err := exec.LookPath("tofu"); err != nil {
			t.Skip("skipped: neither terraform nor tofu is installed, which read a folder of their own")
		}
	}
	dir := t.TempDir()
	state := `{"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "a", "resources": [],
		"outputs": {"auto_scaling_group_name": {"value": "from-state", "type": "string"}}}`
	if err := os.WriteFile(filepath.Join(dir, "terraform.tfstate"), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := outputs.Read(t.Context(), dir)
	if err != nil || got.AutoScalingGroupName != "from-state" {
		t.Errorf("Read(folder) = %+v, %v, want the group that the state names", got, err)
	}
	if _, err := outputs.Read(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "make deploy") {
		t.Errorf("Read(a folder without state) = %v, want a sentence that names make deploy", err)
	}
}

func TestOutputsThatAreNoneAreRefusedInASentence(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing deployed":     {`{}`, "make deploy"},
		"empty":                {``, "the file is empty: `terraform output -json` failed"},
		"UTF-16 of PowerShell": {"\xff\xfe{\x00}\x00", "this is UTF-16 text"},
		"a bracket too many":   {deployed + `}`, "more than one JSON value"},
		"a list":               {`[]`, "not what `terraform output -json` prints"},
		"a state file":         {`{"version": 4}`, "not what `terraform output -json` prints"},
		"two values":           {deployed + `{}`, "more than one JSON value"},
		"another stack":        {`{"region": {"value": "eu-central-1"}}`, "auto_scaling_group_name is missing"},
		"a number for a name":  {`{"auto_scaling_group_name": {"value": 3}}`, "output auto_scaling_group_name: is 3; it must be text"},
		"YAML": {"# outputs\na: b\n",
			"not what `terraform output -json` prints: line 1, column 1: not valid JSON: '#' is unexpected here"},
		"a cut file":             {deployed[:60], "not what `terraform output -json` prints: not valid JSON: the file ends early"},
		"a date that is none":    {`{"auto_scaling_group_name": {"value": "g"}, "expires": {"value": "tomorrow"}}`, "output expires"},
		"an unknown member":      {`{"auto_scaling_group_name": {"wert": "g"}}`, "wert"},
		"a list for an endpoint": {`{"auto_scaling_group_name": {"value": "g"}, "load_balancer_url": {"value": ["a"]}}`, "load_balancer_url"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := outputs.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse() = %v, want …%q…", err, test.want)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "outputs.json")
	if err := os.WriteFile(path, []byte(`{"auto_scaling_group_name": {"value": 3}, "region": {"value": 4}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := outputs.Read(t.Context(), path)
	if want := path + ": output region: "; err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), path) != 2 {
		t.Errorf("Read(two faults) = %v, want two lines that name the file", err)
	}
	const kinds = `{"region": {"value": 4}, "expires": {"value": "tomorrow"}, "load_balancer_url": {"value": "lb"}}`
	_, err = outputs.Parse([]byte(kinds))
	for _, want := range []string{"region: is 4", "load_balancer_url: is", "expires: is", "auto_scaling_group_name is missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(faults of several kinds) = %v, want …%q… in it", err, want)
		}
	}
	_, err = outputs.Read(t.Context(), filepath.Join(t.TempDir(), "none"))
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("Read(nowhere) = %v, want a sentence", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(deployed))
	f.Add([]byte(`{"auto_scaling_group_name": {"value": "g"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := outputs.Parse(data); err == nil && o.AutoScalingGroupName == "" {
			t.Errorf("Parse(%q) accepted outputs without a group", data)
		}
	})
}
