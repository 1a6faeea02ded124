package secondwind_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A rule says what the files of a folder must not import or call, and why.
type rule struct {
	name string   // a sentence that is true while the rule is kept
	in   []string // folders, with everything below; "" is the whole repository
	not  []string // folders below that have a rule of their own instead
	// tests says that it holds for test files too: those may use other libraries
	// and the operating system, but may not tie the parts together either.
	tests bool
	// driven says that external test packages (package x_test) are free all the
	// same: they drive the part from outside, against what it meets in use.
	driven bool
	// forbids holds for what a file imports, and for what it reaches through
	// packages that the rule does not cover: those have files of their own to answer.
	forbids func(imported) bool
	through []string // folders that may be reached, but not imported
	calls   []string // functions of package time that must not be called
	why     string
}

// imported is an import as a rule sees it.
type imported struct {
	path     string // of our own packages: below the module, such as verify/judge
	own      bool   // of this module
	standard bool   // of the standard library
}

const (
	sdkConfig = "github.com/aws/aws-sdk-go-v2/config"

	sdkEC2 = "github.com/aws/aws-sdk-go-v2/service/ec2"
	sdk    = "github.com/aws/aws-sdk-go-v2"
	tink   = "github.com/tink-crypto/tink-go"
	vegeta = "github.com/tsenart/vegeta"
	plot   = "gonum.org/v1/plot"
)

// rules are "Who may import whom". The commands and the tests at the root are
// the only places without one: they join the parts.
var rules = []rule{
	{
		name: "autoscale imports the standard library only", in: []string{"autoscale"}, forbids: allButStandardAnd("autoscale"),
		why: "the engine is pure: it must run in any cloud and any simulation, and be read without knowing a library",
	},
	{
		name: "autoscale knows none of the other parts", in: []string{"autoscale"}, tests: true, forbids: ownBut("autoscale"),
		why: "the engine is what the parts use, and is tested by itself",
	},
	{
		name: "autoscale touches no operating system, network or log", in: []string{"autoscale"},
		forbids: anyOf("os", "net", "log", "syscall"),
		why:     "Step does no I/O: the same steps must replay identically",
	},
	{
		name: "autoscale reads no clock", in: []string{"autoscale"},
		calls: []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		why:   "time is an argument: the local cloud and the simulation drive one engine in two times",
	},
	{
		name: "runlog imports the standard library only", in: []string{"runlog"}, forbids: allButStandardAnd("runlog"),
		why: "the record of a run must be readable years later, whatever has become of any library",
	},
	{
		name: "runlog knows none of the other parts", in: []string{"runlog"}, tests: true, forbids: ownBut("runlog"),
		why: "it is the contract between the parts",
	},
	{
		name: "textfile imports the standard library only", in: []string{"textfile"}, tests: true, forbids: allButStandardAnd("textfile"),
		why: "every part that reads a file of the user's may use it",
	},
	{
		name: "server knows nothing of the harness", in: []string{"server", "cmd/calculator"}, tests: true,
		forbids: ownBut("server", "cmd/internal/awsconfig"), // which Go itself keeps from server
		why:     "what is measured must not know that it is measured",
	},
	{
		name: "server/history/store knows neither keys nor entries", in: []string{"server/history/store"}, tests: true,
		forbids: func(i imported) bool { return ownBut("server/history/store")(i) || anyOf(tink)(i) },
		why:     "what writes to the database never holds a plaintext: it can not store one by mistake",
	},
	{
		name: "the calculator carries no load generator and no plots", in: []string{"server", "cmd/calculator"}, forbids: anyOf(vegeta, plot),
		why: "an instance starts in milliseconds from a small binary",
	},
	{
		name: "localcloud knows only itself and autoscale", in: []string{"localcloud"}, forbids: ownBut("localcloud", "autoscale"),
		why: "it runs any program as an instance, and must not help the load or the judge: it would be no stand-in for AWS",
	},
	{
		name: "localcloud's tests know only itself, autoscale and the stack that they build", in: []string{"localcloud"}, tests: true,
		forbids: ownBut("localcloud", "autoscale", "account/stack"), through: []string{"account/ec2form", "textfile"},
		why: "the local cloud is tested with the clients and the stack of a user, and by nothing that uses it",
	},
	{
		name: "a service of the local cloud knows only the cloud and what every operation needs",
		in: []string{"localcloud/autoscalingapi", "localcloud/cloudwatchapi", "localcloud/ec2api", "localcloud/elbapi",
			"localcloud/stsapi", "localcloud/taggingapi", "localcloud/cloudtrailapi"},
		forbids: ownBut("autoscale", "localcloud/cloud", "localcloud/awsapi", "localcloud/operation", "localcloud/optional",
			"localcloud/fleet", "localcloud/balancer"),
		why: "services share the cloud's state and lock, and nothing else: one can be read, tested and extended without the others",
	},
	{
		name: "localcloud/cloud knows no service", in: []string{"localcloud/cloud"},
		forbids: ownBut("autoscale", "localcloud/cloud", "localcloud/awsapi", "localcloud/operation", "localcloud/optional",
			"localcloud/fleet", "localcloud/balancer"),
		why: "the state and its loop are the same whatever is asked of them",
	},
	{
		name: "localcloud/operation and localcloud/optional know no state", in: []string{"localcloud/operation", "localcloud/optional"},
		tests:   true,
		forbids: ownBut("autoscale", "localcloud/awsapi", "localcloud/operation", "localcloud/optional"),
		why:     "they are what operations of any service have in common",
	},
	{
		name: "localcloud/keys knows only the wire", in: []string{"localcloud/keys"}, tests: true,
		forbids: ownBut("localcloud/keys", "localcloud/awsapi"),
		why:     "who decrypts must not wait for a group that scales: the keys share no state and no lock with the cloud",
	},
	{
		name: "loadgen/profile imports the standard library only", in: []string{"loadgen/profile"}, forbids: allButStandardAnd("loadgen/profile"),
		why: "offered load is mathematics: the simulation uses it without any generator",
	},
	{
		name: "loadgen knows only itself, runlog and textfile", in: []string{"loadgen"}, tests: true,
		forbids: ownBut("loadgen", "runlog", "textfile"),
		why:     "the load must not depend on what the cloud or the judge is about to see",
	},
	{
		name: "account knows only itself and textfile", in: []string{"account"}, not: []string{"account/discover"}, tests: true,
		forbids: ownBut("account", "textfile"),
		why:     "what is deployed and what it costs are facts of an account, whatever is done with it",
	},
	{
		name: "account/discover knows only account, verify, runlog and textfile", in: []string{"account/discover"}, tests: true, driven: true,
		forbids: ownBut("account", "verify", "runlog", "textfile"),
		why:     "which alarm scales out is decided in one place, and the local cloud is asked as AWS is",
	},
	{
		name: "verify knows neither the engine nor the local cloud", in: []string{"verify"},
		not: []string{"verify/observe", "verify/audit", "verify/judge", "verify/doctor", "verify/syntheticuser"}, tests: true,
		forbids: ownBut("verify", "runlog"),
		why:     "a proof that shares code with what it proves repeats its errors",
	},
	{
		name: "verify/observe knows only runlog, verify/hypothesis and verify/awsclock", in: []string{"verify/observe"}, tests: true,
		forbids: ownBut("verify/observe", "verify/hypothesis", "verify/awsclock", "runlog"),
		why:     "an observer that knows the local cloud is no proof for AWS",
	},
	{
		name: "verify/audit knows only runlog and the EC2 client", in: []string{"verify/audit"}, tests: true, driven: true,
		forbids: ownBut("verify/audit", "runlog", "account/ec2form"),
		why:     "an audit that knows the local cloud would ask that instead of CloudTrail",
	},
	{
		name: "verify/doctor knows only verify, runlog, the EC2 client and the burstable types", in: []string{"verify/doctor"},
		tests: true, driven: true,
		forbids: ownBut("verify", "runlog", "account/ec2form", "account/burstable"),
		why:     "a doctor that knows the local cloud would examine that instead of what AWS's APIs answer",
	},
	{
		name: "verify/syntheticuser knows only runlog", in: []string{"verify/syntheticuser"}, tests: true, driven: true,
		forbids: ownBut("verify/syntheticuser", "runlog"),
		why:     "it is a user: it knows a URL, and what comes back from there",
	},
	{
		name: "verify/hypothesis imports the standard library and runlog only", in: []string{"verify/hypothesis"}, tests: true,
		forbids: allButStandardAnd("verify/hypothesis", "runlog"),
		why:     "what a run claims follows from recorded configuration alone, so that the judge can derive it again",
	},
	{
		name: "verify/experiment imports the standard library and runlog only", in: []string{"verify/experiment"}, tests: true,
		forbids: allButStandardAnd("verify/experiment", "runlog"),
		why:     "it decides what to do next, and never how: live runs and the simulator carry out its commands",
	},
	{
		name: "verify/experiment reads no clock", in: []string{"verify/experiment"},
		calls: []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		why:   "time is an argument: a live run and a simulated one drive one experiment in two times",
	},
	{
		name: "verify/judge knows only runlog and verify/hypothesis", in: []string{"verify/judge"}, tests: true,
		forbids: ownBut("verify/judge", "verify/hypothesis", "runlog"),
		why:     "a judge that shares the engine's arithmetic repeats its errors",
	},
	{
		name: "verify/judge imports the standard library, runlog and verify/hypothesis only", in: []string{"verify/judge"},
		forbids: allButStandardAnd("verify/judge", "verify/hypothesis", "runlog"),
		why:     "the same record must give the same verdict offline, on another machine, years later",
	},
	{
		name: "reports knows only runlog, the load's summary, the judge's verdict and the terminal", in: []string{"reports"}, tests: true,
		forbids: ownBut("reports", "runlog", "loadgen/latency", "loadgen/summary", "verify/judge", "verify/terminal"),
		through: []string{"verify/hypothesis", "loadgen/generator"},
		why:     "a report shows the record; whatever it needs must stand there",
	},
	{
		name: "reports asks no cloud", in: []string{"reports"}, tests: true, forbids: anyOf(sdk),
		why: "a report is made from the run folder alone, offline",
	},
	{
		name: "simulate knows only the engine, the experiment, runlog and loadgen/profile", in: []string{"simulate"}, tests: true,
		forbids: ownBut("simulate", "autoscale", "verify/experiment", "runlog", "loadgen/profile"),
		why:     "it is the engine in virtual time: no process, no socket, no second engine",
	},
	{
		name: "nothing but the conformance test imports service/ec2", in: []string{""},
		not: []string{"localcloud/awsapi/conformance"}, tests: true,
		forbids: func(i imported) bool { return i.path == sdkEC2 },
		why:     "it takes minutes and 3.3 GB to compile; service/ec2/types and localcloud/awsapi/ec2shapes are enough",
	},
	{
		name: "nothing but cmd/internal/awsconfig imports the SDK's config", in: []string{""}, not: []string{"cmd/internal/awsconfig"},
		forbids: func(i imported) bool { return i.path == sdkConfig }, through: []string{sdkConfig},
		why: "AWS configuration is loaded in one place: a second loader lacks what the first was taught, as the log that must stay silent",
	},
	{
		name: "only tests import virtual", in: []string{""}, not: []string{"virtual"},
		forbids: func(i imported) bool { return i.own && below(i.path, []string{"virtual"}) },
		why:     "it is a world for tests: what runs for users must not depend on it",
	},
	{
		name: "only tests import verify/formula", in: []string{""}, not: []string{"verify/formula"},
		forbids: func(i imported) bool { return i.own && below(i.path, []string{"verify/formula"}) },
		why:     "it is a second opinion about the judge: what runs for users has one",
	},
	{
		name: "verify/formula knows only runlog and verify/hypothesis", in: []string{"verify/formula"},
		forbids: allButStandardAnd("verify/formula", "verify/hypothesis", "runlog"),
		why:     "a second judge that shares code with the first repeats its errors",
	},
	{
		name: "every package is below a folder that has a rule", in: []string{""}, tests: true,
		not: []string{
			"autoscale", "runlog", "server", "localcloud", "loadgen", "verify", "reports", "simulate", "account", "textfile", "cmd", "virtual",
		},
		forbids: func(i imported) bool { return i.own },
		why:     "a new part must say whom it may import: give it a rule here",
	},
}

// ownBut forbids this module's packages except those below the folders.
func ownBut(folders ...string) func(imported) bool {
	return func(i imported) bool { return i.own && !below(i.path, folders) }
}

// allButStandardAnd forbids everything but the standard library and this
// module's packages below the folders.
func allButStandardAnd(folders ...string) func(imported) bool {
	return func(i imported) bool { return !i.standard && (!i.own || !below(i.path, folders)) }
}

// anyOf forbids packages that are not this module's, with those below them.
func anyOf(paths ...string) func(imported) bool {
	return func(i imported) bool { return !i.own && below(i.path, paths) }
}

func below(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return folder == "" || name == folder || strings.HasPrefix(name, folder+"/")
	})
}

func TestPartsImportOnlyWhomTheyMay(t *testing.T) {
	found, files, err := violations(os.DirFS("."), "secondwind")
	if err != nil {
		t.Fatalf("read the repository: %v", err)
	}
	for _, v := range found {
		t.Error(v)
	}
	if files < 50 {
		t.Errorf("only %d Go files were read, want the whole repository", files)
	}
}

// TestEveryRuleIsCaughtWhenBroken holds the rules against a small repository in
// which each is broken. A file says which it breaks: // breaks: <name>.
func TestEveryRuleIsCaughtWhenBroken(t *testing.T) {
	root := filepath.Join("testdata", "architecture")
	found, _, err := violations(os.DirFS(root), "secondwind")
	if err != nil {
		t.Fatalf("read %s: %v", root, err)
	}
	var got []string
	for _, v := range found {
		got = append(got, v.file+" breaks: "+v.rule.name)
	}
	want := declared(t, root)
	slices.Sort(got)
	slices.Sort(want)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not caught: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("caught, but not declared: %s", g)
		}
	}
	for _, r := range rules {
		if !slices.ContainsFunc(want, func(w string) bool { return strings.HasSuffix(w, " breaks: "+r.name) }) {
			t.Errorf("no file below %s breaks %q: nothing shows that it is enforced", root, r.name)
		}
	}
}

func TestAForbiddenPackageIsFoundThroughAnAllowedOne(t *testing.T) {
	found, _, err := violations(os.DirFS(filepath.Join("testdata", "architecture")), "secondwind")
	if err != nil {
		t.Fatal(err)
	}
	const want = "imports account/ec2form, which imports autoscale"
	if !slices.ContainsFunc(found, func(v violation) bool { return v.file == "verify/doctor/through.go" && v.what == want }) {
		t.Errorf("nothing says that verify/doctor/through.go %s; found %v", want, found)
	}
}

var breaks = regexp.MustCompile(`(?m)^// breaks: (.+)$`)

// declared returns "file breaks: rule" for every such comment below root.
func declared(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, comment := range breaks.FindAllStringSubmatch(string(text), -1) {
			all = append(all, filepath.ToSlash(file)+" breaks: "+comment[1])
		}
		return nil
	})
	if err != nil {
		t.Fatalf("read %s: %v", root, err)
	}
	return all
}
