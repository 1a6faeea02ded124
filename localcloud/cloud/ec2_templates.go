package cloud

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
)

// templateName is how a launch template may be called.
var templateName = regexp.MustCompile(`^[a-zA-Z0-9().\-/_]{3,128}$`)

func (a ec2API) createLaunchTemplate(_ context.Context, in *ec2shapes.CreateLaunchTemplateInput) (*ec2shapes.CreateLaunchTemplateOutput, error) {
	switch {
	case in.LaunchTemplateName == nil:
		return nil, apiErrorf("MissingParameter", "The request must contain the parameter LaunchTemplateName")
	case in.LaunchTemplateData == nil:
		return nil, apiErrorf("MissingParameter", "The request must contain the parameter LaunchTemplateData")
	case !templateName.MatchString(*in.LaunchTemplateName):
		return nil, apiErrorf("InvalidLaunchTemplateName.MalformedException", "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _ ; it is '%s'", *in.LaunchTemplateName)
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := &ec2shapes.CreateLaunchTemplateOutput{}
	err := a.c.change(func(now time.Time) error {
		if find(a.c.templates, func(t *launchTemplate) bool { return t.name == *in.LaunchTemplateName }) != nil {
			return apiErrorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
		t := &launchTemplate{id: a.c.hexID("lt-", 17), name: *in.LaunchTemplateName, created: now, defaultVersion: 1}
		t.versions = []templateVersion{{number: 1, created: now, description: in.VersionDescription, data: *in.LaunchTemplateData}}
		a.c.templates = append(a.c.templates, t)
		a.tag(t.id, types.ResourceTypeLaunchTemplate, in.TagSpecifications)
		out.LaunchTemplate = a.describedTemplate(t)
		return nil
	})
	return out, err
}

// tag notes the tags that are meant for a resource of that type; callers hold mu.
func (a ec2API) tag(id string, kind types.ResourceType, specifications []types.TagSpecification) {
	for _, s := range specifications {
		if s.ResourceType != kind {
			continue
		}
		for _, t := range s.Tags {
			a.c.setTag(id, deref(t.Key), deref(t.Value))
		}
	}
}

func (a ec2API) createLaunchTemplateVersion(_ context.Context, in *ec2shapes.CreateLaunchTemplateVersionInput) (*ec2shapes.CreateLaunchTemplateVersionOutput, error) {
	if in.LaunchTemplateData == nil {
		return nil, apiErrorf("MissingParameter", "The request must contain the parameter LaunchTemplateData")
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := &ec2shapes.CreateLaunchTemplateVersionOutput{}
	err := a.c.change(func(now time.Time) error {
		t, err := a.template(in.LaunchTemplateId, in.LaunchTemplateName)
		if err != nil {
			return err
		}
		v := templateVersion{number: t.latest().number + 1, created: now, description: in.VersionDescription, data: *in.LaunchTemplateData}
		if in.SourceVersion != nil {
			source, err := t.version(*in.SourceVersion)
			if err != nil {
				return err
			}
			v.data = merge(source.data, v.data)
		}
		t.versions = append(t.versions, v)
		out.LaunchTemplateVersion, err = describedVersion(t, v)
		return err
	})
	return out, err
}

// template finds the one that the caller named by id or by name; callers hold mu.
func (a ec2API) template(id, name *string) (*launchTemplate, error) {
	switch {
	case id == nil && name == nil:
		return nil, apiErrorf("MissingParameter", "Either LaunchTemplateId or LaunchTemplateName must be given")
	case id != nil && name != nil:
		return nil, apiErrorf("InvalidParameterCombination", "LaunchTemplateId and LaunchTemplateName cannot both be given")
	}
	return a.c.findTemplate(deref(id), deref(name))
}

func (a ec2API) deleteLaunchTemplate(_ context.Context, in *ec2shapes.DeleteLaunchTemplateInput) (*ec2shapes.DeleteLaunchTemplateOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := &ec2shapes.DeleteLaunchTemplateOutput{}
	err := a.c.change(func(time.Time) error {
		t, err := a.template(in.LaunchTemplateId, in.LaunchTemplateName)
		if err != nil {
			return err
		}
		out.LaunchTemplate = a.describedTemplate(t)
		a.c.templates = slices.DeleteFunc(a.c.templates, func(other *launchTemplate) bool { return other == t })
		delete(a.c.resourceTags, t.id)
		return nil
	})
	return out, err
}

func (a ec2API) describeLaunchTemplates(_ context.Context, in *ec2shapes.DescribeLaunchTemplatesInput) (*ec2shapes.DescribeLaunchTemplatesOutput, error) {
	found := []types.LaunchTemplate{}
	err := a.c.read(func(time.Time) error {
		for _, id := range in.LaunchTemplateIds {
			if _, err := a.c.findTemplate(id, ""); err != nil {
				return err
			}
		}
		for _, name := range in.LaunchTemplateNames {
			if _, err := a.c.findTemplate("", name); err != nil {
				return err
			}
		}
		if _, err := templateAttributes(a.c, &launchTemplate{}).passes(in.Filters); err != nil {
			return err
		}
		all := len(in.LaunchTemplateIds)+len(in.LaunchTemplateNames) == 0
		for _, t := range a.c.templates {
			ok, err := templateAttributes(a.c, t).passes(in.Filters)
			if err != nil {
				return err
			}
			if ok && (all || slices.Contains(in.LaunchTemplateIds, t.id) || slices.Contains(in.LaunchTemplateNames, t.name)) {
				found = append(found, *a.describedTemplate(t))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeLaunchTemplatesOutput{LaunchTemplates: page, NextToken: next}, err
}

// templateAttributes are what templates can be filtered by; callers hold mu.
func templateAttributes(c *Cloud, t *launchTemplate) attributes {
	return c.withTags(attributes{"launch-template-name": {t.name}, "create-time": {stamp(t.created)}}, t.id)
}

// describedTemplate is a template as EC2 answers it; callers hold mu.
func (a ec2API) describedTemplate(t *launchTemplate) *types.LaunchTemplate {
	return &types.LaunchTemplate{
		LaunchTemplateId: aws.String(t.id), LaunchTemplateName: aws.String(t.name), CreateTime: aws.Time(t.created),
		DefaultVersionNumber: aws.Int64(t.defaultVersion), LatestVersionNumber: aws.Int64(t.latest().number),
		CreatedBy: aws.String("arn:aws:iam::" + a.c.cfg.AccountID + ":user/secondwind"), Tags: a.c.ec2Tags(t.id),
	}
}

func describedVersion(t *launchTemplate, v templateVersion) (*types.LaunchTemplateVersion, error) {
	data, err := v.described()
	return &types.LaunchTemplateVersion{
		LaunchTemplateId: aws.String(t.id), LaunchTemplateName: aws.String(t.name), VersionNumber: aws.Int64(v.number),
		VersionDescription: v.description, CreateTime: aws.Time(v.created), DefaultVersion: aws.Bool(v.number == t.defaultVersion),
		LaunchTemplateData: data,
	}, err
}

// describeLaunchTemplateVersions answers the newest first. Without a template it
// takes $Latest and $Default of all of them.
func (a ec2API) describeLaunchTemplateVersions(_ context.Context, in *ec2shapes.DescribeLaunchTemplateVersionsInput) (*ec2shapes.DescribeLaunchTemplateVersionsOutput, error) {
	if len(in.Filters) > 0 {
		return nil, apiErrorf("InvalidParameterValue", "The local cloud does not filter launch template versions")
	}
	found := []types.LaunchTemplateVersion{}
	err := a.c.read(func(time.Time) error {
		templates := a.c.templates
		if in.LaunchTemplateId != nil || in.LaunchTemplateName != nil {
			t, err := a.template(in.LaunchTemplateId, in.LaunchTemplateName)
			if err != nil {
				return err
			}
			templates = []*launchTemplate{t}
		} else if len(in.Versions) == 0 {
			return apiErrorf("MissingParameter", "Without a launch template, Versions must be $Latest or $Default")
		}
		for _, t := range templates {
			versions, err := selectVersions(t, in)
			if err != nil {
				return err
			}
			for _, v := range versions {
				described, err := describedVersion(t, v)
				if err != nil {
					return err
				}
				found = append(found, *described)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: page, NextToken: next}, err
}

func selectVersions(t *launchTemplate, in *ec2shapes.DescribeLaunchTemplateVersionsInput) ([]templateVersion, error) {
	if len(in.Versions) > 0 {
		var versions []templateVersion
		for _, label := range in.Versions {
			v, err := t.version(label)
			if err != nil {
				return nil, err
			}
			versions = append(versions, v)
		}
		return versions, nil
	}
	first, last := int64(1), t.latest().number
	for bound, text := range map[*int64]*string{&first: in.MinVersion, &last: in.MaxVersion} {
		if text == nil {
			continue
		}
		n, err := strconv.ParseInt(*text, 10, 64)
		if err != nil {
			return nil, apiErrorf("InvalidParameterValue", "'%s' is not a version number", *text)
		}
		*bound = n
	}
	versions := slices.DeleteFunc(slices.Clone(t.versions), func(v templateVersion) bool { return v.number < first || v.number > last })
	slices.Reverse(versions)
	return versions, nil
}
