package doctor_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/account/stack"
)

// launchedFrom has the group launch from a launch configuration, which the local cloud
// does not have, with these members in XML.
func launchedFrom(members string) func(*world) {
	return func(w *world) {
		launchConfiguration(w)
		w.rewrite(func(operation string, r *http.Response, body []byte) []byte {
			if operation != "autoscaling:DescribeLaunchConfigurations" {
				return body
			}
			r.StatusCode, r.Status = http.StatusOK, "200 OK"
			return fmt.Appendf(nil, "<DescribeLaunchConfigurationsResponse><DescribeLaunchConfigurationsResult><LaunchConfigurations><member>"+
				"<LaunchConfigurationName>old</LaunchConfigurationName>%s</member></LaunchConfigurations>"+
				"</DescribeLaunchConfigurationsResult></DescribeLaunchConfigurationsResponse>", members)
		})
	}
}

// TestWhatTheGroupLaunchesFromDecidesItsMonitoring has launch templates that are named
// in each way, and launch configurations, whose default is the other way round.
func TestWhatTheGroupLaunchesFromDecidesItsMonitoring(t *testing.T) {
	t.Parallel()
	spec := func(change func(*world, *astypes.LaunchTemplateSpecification)) func(*world) {
		return func(w *world) {
			basicMonitoring(w) // version 2; version 1 has detailed monitoring
			group(func(g *astypes.AutoScalingGroup) { change(w, g.LaunchTemplate) })(w)
		}
	}
	version := func(version *string) func(*world) {
		return spec(func(_ *world, s *astypes.LaunchTemplateSpecification) { s.Version = version })
	}
	const configuration, template = "launch configuration old", "launch template secondwind-lt, version "
	for name, test := range map[string]struct {
		change func(*world)
		want   string // where basic monitoring is found; "" is nowhere
	}{
		"the newest version":     {version(aws.String("$Latest")), template + "2"},
		"a version by number":    {version(aws.String("1")), ""},
		"the default version":    {version(aws.String("$Default")), ""},
		"no version":             {version(nil), ""},
		"a template by its name": {spec(byName), template + "2"},
		"a mixed instances policy": {func(w *world) {
			basicMonitoring(w)
			group(func(g *astypes.AutoScalingGroup) {
				g.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{
					LaunchTemplateSpecification: g.LaunchTemplate,
				}}
				g.LaunchTemplate = nil
			})(w)
		}, template + "2"},
		"a configuration that does not say": {launchedFrom(""), ""},
		"a configuration with detailed monitoring": {
			launchedFrom("<InstanceMonitoring><Enabled>true</Enabled></InstanceMonitoring>"), "",
		},
		"a configuration without detailed monitoring": {
			launchedFrom("<InstanceMonitoring><Enabled>false</Enabled></InstanceMonitoring>"), configuration,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				test.change(w)
				report := w.examine()
				where := ""
				for _, f := range report.Findings {
					if f.ID != "monitoring.basic" {
						w.Errorf("found %s, want monitoring.basic at most\n%s", f.ID, text(report))
					}
					where = f.Where
				}
				if where != test.want {
					w.Errorf("basic monitoring is found in %q, want %q", where, test.want)
				}
			})
		})
	}
}

func byName(_ *world, s *astypes.LaunchTemplateSpecification) {
	s.LaunchTemplateId, s.LaunchTemplateName, s.Version = nil, aws.String("secondwind-lt"), aws.String("$Latest")
}

// TestTheModeOfCreditsIsTheInstancesOwnElseItsFamilys has groups with and without an
// instance, of types with different defaults.
func TestTheModeOfCreditsIsTheInstancesOwnElseItsFamilys(t *testing.T) {
	t.Parallel()
	typed := func(name string) func(*world) {
		return group(func(g *astypes.AutoScalingGroup) { g.Instances[0].InstanceType = &name })
	}
	const noInstances = `<instanceCreditSpecificationSet>.*</instanceCreditSpecificationSet>`
	unsaid := xmlOf("ec2:DescribeInstanceCreditSpecifications", noInstances, "<instanceCreditSpecificationSet/>")
	for name, test := range map[string]struct {
		changes []func(*world)
		want    []string
	}{
		"standard, as EC2 says":               {[]func(*world){typed("t3.micro")}, []string{"credits.low"}},
		"t3 is unlimited where EC2 says none": {[]func(*world){typed("t3.micro"), unsaid}, []string{"credits.unlimited"}},
		"t2 is standard where EC2 says none":  {[]func(*world){typed("t2.micro"), unsaid}, []string{"credits.low"}},
		"no credits at all":                   {[]func(*world){typed("c7i.large")}, nil},
		"a load below the baseline":           {[]func(*world){typed("t3.xlarge"), unsaid}, []string{"credits.baseline", "credits.unlimited"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				w.credits(0)
				for _, change := range test.changes {
					change(w)
				}
				if report := w.examine(); !slices.Equal(idsOf(report), test.want) {
					w.Errorf("found %v, want %v\n%s", idsOf(report), test.want, text(report))
				}
			})
		})
	}
}

// TestTheHoldIsPartOfTheRun has the time that is expected grow by the hold alone.
func TestTheHoldIsPartOfTheRun(t *testing.T) {
	t.Parallel()
	inWorld(t, stack.PolicyStep, func(w *world) {
		w.credits(1e6)
		short := w.examine()
		w.cfg.Hold = 8 * time.Hour
		long := w.examine()
		if grown := long.ExpectSeconds - short.ExpectSeconds; grown != w.cfg.Hold.Seconds() {
			w.Errorf("a hold of %s takes %g s more", w.cfg.Hold, grown)
		}
		var sum float64
		for _, d := range short.Deadlines {
			sum += d.Seconds()
		}
		if least := sum + short.ScaleIn.Seconds(); short.ExpectSeconds <= least || short.ExpectSeconds > 2*least {
			w.Errorf("%g s are expected where chain and scale-in take %g s, want the control in addition", short.ExpectSeconds, least)
		}
		if !strings.HasPrefix(long.Summary(), "fit for a proof: no errors") {
			w.Errorf("Summary() = %q", long.Summary())
		}
	})
}
