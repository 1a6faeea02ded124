package judge

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"secondwind/runlog"
)

// where is where the run took place and what its instances ran, as the record shows it:
// by the ARNs in it and the endpoints that answered. What it claims itself must fit.
func (t *analysis) where() Finding {
	f := t.declared("premise.where", "P10: where", "everything is of one account and Region, and where that is, is as claimed: %s", t.h.Where)
	arns, e := t.arns()
	if len(arns) == 0 {
		return f.open("no answer carries an ARN")
	}
	for _, arn := range arns[1:] {
		if arn.place() != arns[0].place() {
			return f.with(Broken, e, "%s is not of %s, as %s is", arn.text, arns[0].place(), arns[0].text)
		}
	}
	if t.h.Version < 3 {
		return f.notJudged("%s; this record was made before endpoints were recorded", arns[0].place())
	}
	endpoints := t.endpoints()
	if len(endpoints) == 0 {
		return f.open("the record has no endpoint")
	}
	for _, o := range endpoints {
		region, isAWS := awsRegion(o.Endpoint)
		switch {
		case isAWS && region != arns[0].region:
			return f.with(Broken, evidence(o), "%s answered for Region %s", o.Endpoint, arns[0].region)
		case isAWS != strings.HasPrefix(t.h.Where, "AWS "), isAWS && t.h.Where != "AWS "+region:
			return f.with(Broken, evidence(o), "%s answered", o.Endpoint)
		}
	}
	f.Evidence = evidence(endpoints[0])
	if ids := t.otherTemplates(); ids != "" {
		return f.broken("%s", ids)
	}
	return f.held("%s, answered by %s%s", arns[0].place(), endpoints[0].Endpoint, t.programs())
}

// arn is an ARN's text and the parts that say where.
type arn struct{ text, partition, region, account string }

func (a arn) place() string { return fmt.Sprintf("account %s in %s", a.account, a.region) }

// arns are those of what a claim is about, and where the first was read.
func (t *analysis) arns() (all []arn, e []Evidence) {
	var texts []string
	if len(t.cloud.Groups) > 0 {
		texts, e = append(texts, t.cloud.Groups[0].Value.AutoScalingGroupARN), evidence(t.cloud.Groups[0].Observation)
	}
	texts = append(texts, t.h.TargetGroupARN)
	if t.policy != nil {
		texts = append(texts, t.policy.PolicyARN)
	}
	for _, text := range texts {
		if parts := strings.SplitN(text, ":", 6); len(parts) == 6 && parts[0] == "arn" {
			all = append(all, arn{text, parts[1], parts[3], parts[4]})
		}
	}
	return all, e
}

// endpoints are the observations that say which endpoint answered.
func (t *analysis) endpoints() (all []*runlog.Observation) {
	for _, o := range t.cloud.Asked {
		if o.Endpoint != "" {
			all = append(all, o)
		}
	}
	return all
}

// awsRegion is the Region in the name of one of AWS's own endpoints; false if it is none.
// Source: AWS General Reference, "AWS service endpoints".
func awsRegion(endpoint string) (region string, ok bool) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" {
		return "", false
	}
	for _, domain := range []string{".vpce.amazonaws.com", ".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu"} {
		if host, cut := strings.CutSuffix(u.Hostname(), domain); cut {
			return host[strings.LastIndex(host, ".")+1:], true
		}
	}
	return "", false
}

// otherTemplates names an instance that was not launched from what the first was.
func (t *analysis) otherTemplates() string {
	var first *runlog.Instance
	for _, g := range t.underJudgement() {
		for i := range g.Value.Instances {
			is := &g.Value.Instances[i]
			if first == nil {
				first = is
			}
			if is.LaunchTemplate != first.LaunchTemplate {
				return fmt.Sprintf("%s was launched from %s, %s from %s", is.InstanceId, is.LaunchTemplate, first.InstanceId, first.LaunchTemplate)
			}
		}
	}
	return ""
}

// programs says what the instances ran, as far as the record tells.
func (t *analysis) programs() string {
	var ran []string
	for _, g := range t.underJudgement() {
		for _, i := range g.Value.Instances {
			if from := i.LaunchTemplate.String(); from != "" && !slices.Contains(ran, from) {
				ran = append(ran, from)
			}
		}
	}
	for _, s := range t.cloud.Templates {
		is := fmt.Sprintf("image %s with user data of SHA-256 %.12s…", s.Value.ImageId, s.Value.UserDataSHA256)
		if !slices.Contains(ran, is) {
			ran = append(ran, is)
		}
	}
	if p := t.r.Manifest.Program; p != nil {
		command := fmt.Sprintf("%s (SHA-256 %.12s…)", p.Path, p.SHA256)
		for _, argument := range p.Arguments {
			command += " " + argument
			if sum := p.Files[argument]; sum != "" {
				command += fmt.Sprintf(" (SHA-256 %.12s…)", sum)
			}
		}
		ran = append(ran, command)
	}
	if len(ran) == 0 {
		return ""
	}
	return "; the instances run " + strings.Join(ran, ", ")
}
