package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestMisuseIsReportedInASentenceAndExitsWith2(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped on Windows: the cases use Unix file modes")
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	unknownKey := write("unknown.yaml", "version: 1\nname: x\nload:\n  bandd: 1.6\n")
	negative := write("negative.yaml", "version: 1\nname: x\nload:\n  rate: -5\n")
	plain := write("plain", "no program")
	prices := write("prices.json", `{"version": 2}`)
	variables := write("variables.json", `{"cpu_threshold": 120}`)
	two := write("two.json", `{"min_size": 2, "desired_capacity": 2}`)
	detached := write("detached.yaml", "version: 1\nname: x\nlocal:\n  policy: none\n")
	program := write("program.yaml", "local: {program: {command: './none {port}'}}\n")
	scaling := write("scaling.yaml", "local: {scaling: {min_size: 3}}\n")
	stack := func(name, run, expires, url string) string {
		const outputs = `{"auto_scaling_group_name": {"value": "g"}, "region": {"value": "eu-north-1"}, "run_id": {"value": %q},
			"expires": {"value": %q}, "load_balancer_url": {"value": %q}}`
		return write(name, fmt.Sprintf(outputs, run, expires, url))
	}
	deployed := stack("deployed.json", "new", time.Now().UTC().Add(time.Hour).Format(time.RFC3339), "http://192.0.2.1")
	expired := stack("expired.json", "old", "2020-01-01T00:00:00Z", "http://192.0.2.1")
	headless := stack("headless.json", "new", "", "")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	calculator := executable(t)

	for _, c := range []struct {
		name string
		args []string
		want []string // in stderr
	}{
		{"an unknown key names file, line, key and the right one", []string{"soak", "-f", unknownKey},
			[]string{"unknown.yaml:4", "bandd", "band"}},
		{"a negative rate names line and key", []string{"soak", "-f", negative}, []string{"negative.yaml:4", "rate", "-5"}},
		{"a negative hold is refused", []string{"soak", "--hold", "-3s"}, []string{"hold"}},
		{"a program needs a scenario of its requests", []string{"soak", "--program", "./a {port}"}, []string{"--program", "add --file"}},
		{"a program is not the calculator", []string{"soak", "-f", program, "--program", "./a {port}", "--calculator", calculator},
			[]string{"--program", "--calculator"}},
		{"a program that is not told where to listen", []string{"soak", "-f", program, "--program", "./a"},
			[]string{"--program", "where to listen", "{port}"}},
		{"a program that is not there", []string{"soak", "-f", program}, []string{filepath.Join(dir, "none"), "does not exist"}},
		{"a program of a shell", []string{"soak", "-f", program, "--program", "./a {port} | tee log"}, []string{"--program", "no shell runs"}},
		{"scaling variables of a scenario", []string{"soak", "-f", scaling, "--calculator", calculator},
			[]string{scaling, "local.scaling.max_size", "at least min_size (3)"}},
		{"an image without a program", []string{"cloud", "--ami", "ami-shop"}, []string{"--ami ami-shop", "give a program"}},
		{"an image that is no image", []string{"cloud", "--calculator", calculator, "--ami", "shop=" + calculator}, []string{"shop", "ami-"}},
		{"two images of one id", []string{"cloud", "--ami", "ami-a=a", "--ami", "ami-a=b"}, []string{"--ami ami-a is given twice"}},
		{"a missing calculator is named, with what to do", []string{"soak", "--calculator", filepath.Join(dir, "none")},
			[]string{filepath.Join(dir, "none"), "does not exist", "make build"}},
		{"a calculator that cannot be executed", []string{"soak", "--calculator", plain}, []string{plain, "not executable", "chmod"}},
		{"a calculator that is a folder", []string{"soak", "--calculator", dir}, []string{dir, "folder"}},
		{"a runs folder below a file cannot be made", []string{"soak", "--calculator", calculator, "--runs", filepath.Join(plain, "runs")},
			[]string{plain, "--runs"}},
		{"scaling variables out of range", []string{"cloud", "--calculator", calculator, "--stack", "--scaling-variables", variables},
			[]string{"variables.json: cpu_threshold: is 120"}},
		{"the same for a soak", []string{"soak", "--calculator", calculator, "--scaling-variables", variables},
			[]string{"variables.json: cpu_threshold: is 120"}},
		{"a port that is taken", []string{"cloud", "--calculator", calculator, "--listen", taken.Addr().String()},
			[]string{taken.Addr().String()}},
		{"a metrics period that CloudWatch does not know", []string{"cloud", "--calculator", calculator, "--metrics-period", "7s"},
			[]string{"7s"}},
		{"a stack that is no output of Terraform", []string{"soak", "--stack", plain}, []string{plain, "terraform output -json"}},
		{"a stack named by nothing", []string{"soak", "--stack", ""}, []string{`--stack is ""; give a value: --stack PATH`}},
		{"a stack and a scenario without its policy", []string{"soak", "--stack", deployed, "-f", detached}, []string{"local.policy", "--stack"}},
		{"a stack that has expired", []string{"soak", "--stack", expired},
			[]string{"run old expired at 2020-01-01T00:00:00Z", "make deploy", "make destroy"}},
		{"a stack that expires before the hold ends", []string{"soak", "--stack", deployed, "--hold", "8000h"},
			[]string{"before a hold of 8000 h ends", "ttl_hours"}},
		{"a stack without a URL that no doctor sees", []string{"soak", "--stack", headless, "--skip-doctor"}, []string{"give --url"}},
		{"judge of a folder without a record", []string{"judge", dir}, []string{"manifest.json"}},
		{"judge of a file", []string{"judge", plain}, []string{plain + " is a file", dir}},
		{"load of a machine that nobody said is theirs", []string{"load", "http://192.0.2.1"}, []string{"192.0.2.1", "--mine"}},
		{"load of what is no URL", []string{"load", "nonsense"}, []string{"nonsense"}},
		{"load over a version of HTTP that is none", []string{"load", "http://127.0.0.1:1", "--http", "3"},
			[]string{`--http is "3"; give 1.1 or 2`}},
		{"load with roots without TLS", []string{"load", "http://127.0.0.1:1", "--insecure"}, []string{"--insecure is of TLS", "https URL"}},
		{"load with a certificate without its key", []string{"load", "https://127.0.0.1:1", "--cert", plain},
			[]string{"--cert is given without its key"}},
		{"load with connections of no age", []string{"load", "http://127.0.0.1:1", "--connection-age", "0s"}, []string{"--connection-age is 0s"}},
		{"load with a profile that cannot be read", []string{"load", "http://127.0.0.1:1", "--profile", "rampp:1"}, []string{"rampp"}},
		{"every fault of the prices has a line that names the file", []string{"cost", "--prices", prices},
			[]string{": " + prices + ": version: ", "\n" + prices + ": date: ", "\n" + prices + ": everywhere.key_month: "}},
		{"no listening but on loopback", []string{"cloud", "--calculator", calculator, "--listen", "0.0.0.0:0"},
			[]string{"0.0.0.0:0", "loopback"}},
		{"doctor with prices that are none", []string{"doctor", "--group", "a", "--prices", prices}, []string{"prices.json", "version"}},
		{"cost in an unknown Region", []string{"cost", "--region", "mars-1"}, []string{"mars-1", "eu-central-1", "--prices"}},
		{"cost of an unknown type", []string{"cost", "--type", "t2.mirco"}, []string{"t2.mirco", "t2.micro"}},
		{"cost of fewer instances than the group keeps", []string{"cost", "--instances", "1", "--scaling-variables", two},
			[]string{"--instances is 1; give at least min_size of the scaling variables, 2"}},
		{"cost with prices that are not there", []string{"cost", "--prices", filepath.Join(dir, "none")}, []string{"none", "--print-prices"}},
	} {
		t.Run(c.name, func(t *testing.T) { isMisuse(t, secondwind(t, c.args...), c.want) })
	}
}
