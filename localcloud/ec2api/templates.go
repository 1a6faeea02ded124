package ec2api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// templateName is how a launch template may be called.
var templateName = regexp.MustCompile(`^[a-zA-Z0-9().\-/_]{3,128}$`)

func (a api) CreateLaunchTemplate(in *ec2shapes.CreateLaunchTemplateInput, out *ec2shapes.CreateLaunchTemplateOutput) error {
	switch {
	case in.LaunchTemplateName == nil:
		return missing("LaunchTemplateName")
	case in.LaunchTemplateData == nil:
		return missing("LaunchTemplateData")
	case !templateName.MatchString(*in.LaunchTemplateName):
		return operation.Errorf("InvalidLaunchTemplateName.MalformedException", "A launch template name must be between 3 and 128 characters, "+
			"and may contain letters, numbers, and the following characters: - ( ) . / _ ; it is '%s'", *in.LaunchTemplateName)
	}
	if err := cmp.Or(operation.Without(in, "", "Operator"), operation.DryRun(in)); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		if cloud.Find(s.Templates, func(t *cloud.Template) bool { return t.Name == *in.LaunchTemplateName }) != nil {
			return operation.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
		t := &cloud.Template{ID: s.HexID("lt-", 17), Name: *in.LaunchTemplateName, Created: s.Now, DefaultVersion: 1}
		t.Versions = []cloud.TemplateVersion{{Number: 1, Created: s.Now, Description: in.VersionDescription, Data: *in.LaunchTemplateData}}
		s.Templates = append(s.Templates, t)
		tag(s, t.ID, types.ResourceTypeLaunchTemplate, in.TagSpecifications)
		out.LaunchTemplate = a.describedTemplate(s, t)
		return nil
	})
}

// tag notes the tags that are meant for a resource of that type.
func tag(s *cloud.State, id string, kind types.ResourceType, specifications []types.TagSpecification) {
	for _, specification := range specifications {
		if specification.ResourceType != kind {
			continue
		}
		for _, t := range specification.Tags {
			s.Tags.Set(id, optional.Value(t.Key), optional.Value(t.Value))
		}
	}
}

func (a api) CreateLaunchTemplateVersion(
	in *ec2shapes.CreateLaunchTemplateVersionInput, out *ec2shapes.CreateLaunchTemplateVersionOutput,
) error {
	if in.LaunchTemplateData == nil {
		return missing("LaunchTemplateData")
	}
	if err := cmp.Or(operation.Without(in, "", "ResolveAlias"), operation.DryRun(in)); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		t, err := template(s, in.LaunchTemplateId, in.LaunchTemplateName)
		if err != nil {
			return err
		}
		v := cloud.TemplateVersion{
			Number: t.Latest().Number + 1, Created: s.Now, Description: in.VersionDescription, Data: *in.LaunchTemplateData,
		}
		if in.SourceVersion != nil {
			source, err := t.Version(*in.SourceVersion)
			if err != nil {
				return err
			}
			v.Data = merge(source.Data, v.Data)
		}
		t.Versions = append(t.Versions, v)
		out.LaunchTemplateVersion, err = describedVersion(t, v)
		return err
	})
}

// template finds the one that the caller named by id or by name.
func template(s *cloud.State, id, name *string) (*cloud.Template, error) {
	switch {
	case id == nil && name == nil:
		return nil, operation.Errorf("MissingParameter", "Either LaunchTemplateId or LaunchTemplateName must be given")
	case id != nil && name != nil:
		return nil, operation.Errorf("InvalidParameterCombination", "LaunchTemplateId and LaunchTemplateName cannot both be given")
	}
	return s.Template(optional.Value(id), optional.Value(name))
}

func (a api) DeleteLaunchTemplate(in *ec2shapes.DeleteLaunchTemplateInput, out *ec2shapes.DeleteLaunchTemplateOutput) error {
	if err := operation.DryRun(in); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		t, err := template(s, in.LaunchTemplateId, in.LaunchTemplateName)
		if err != nil {
			return err
		}
		out.LaunchTemplate = a.describedTemplate(s, t)
		s.Templates = slices.DeleteFunc(s.Templates, func(other *cloud.Template) bool { return other == t })
		delete(s.Tags, t.ID)
		return nil
	})
}

func (a api) DescribeLaunchTemplates(in *ec2shapes.DescribeLaunchTemplatesInput, out *ec2shapes.DescribeLaunchTemplatesOutput) error {
	var found []types.LaunchTemplate
	return a.Read(func(s *cloud.State) (err error) {
		for _, id := range in.LaunchTemplateIds {
			if _, err := s.Template(id, ""); err != nil {
				return err
			}
		}
		for _, name := range in.LaunchTemplateNames {
			if _, err := s.Template("", name); err != nil {
				return err
			}
		}
		if _, err := templateAttributes(s, &cloud.Template{}).passes(in.Filters); err != nil {
			return err
		}
		all := len(in.LaunchTemplateIds)+len(in.LaunchTemplateNames) == 0
		for _, t := range s.Templates {
			asked := all || slices.Contains(in.LaunchTemplateIds, t.ID) || slices.Contains(in.LaunchTemplateNames, t.Name)
			if ok, _ := templateAttributes(s, t).passes(in.Filters); ok && asked {
				found = append(found, *a.describedTemplate(s, t))
			}
		}
		out.LaunchTemplates, out.NextToken, err = operation.Page(found, in.MaxResults, in.NextToken, pages)
		return err
	})
}

// templateAttributes are what templates can be filtered by.
func templateAttributes(s *cloud.State, t *cloud.Template) attributes {
	return withTags(s, attributes{"launch-template-name": {t.Name}, "create-time": {stamp(t.Created)}}, t.ID)
}

// describedTemplate is a template as EC2 answers it.
func (a api) describedTemplate(s *cloud.State, t *cloud.Template) *types.LaunchTemplate {
	return &types.LaunchTemplate{
		LaunchTemplateId: aws.String(t.ID), LaunchTemplateName: aws.String(t.Name), CreateTime: aws.Time(t.Created),
		DefaultVersionNumber: aws.Int64(t.DefaultVersion), LatestVersionNumber: aws.Int64(t.Latest().Number),
		CreatedBy: aws.String("arn:aws:iam::" + a.AccountID() + ":user/secondwind"), Tags: ec2Tags(s, t.ID),
	}
}

func describedVersion(t *cloud.Template, v cloud.TemplateVersion) (*types.LaunchTemplateVersion, error) {
	data, err := described(v)
	return &types.LaunchTemplateVersion{
		LaunchTemplateId: aws.String(t.ID), LaunchTemplateName: aws.String(t.Name), VersionNumber: aws.Int64(v.Number),
		VersionDescription: v.Description, CreateTime: aws.Time(v.Created), DefaultVersion: aws.Bool(v.Number == t.DefaultVersion),
		LaunchTemplateData: data,
	}, err
}

// DescribeLaunchTemplateVersions answers the newest first. Without a template it
// takes $Latest and $Default of all of them.
func (a api) DescribeLaunchTemplateVersions(
	in *ec2shapes.DescribeLaunchTemplateVersionsInput, out *ec2shapes.DescribeLaunchTemplateVersionsOutput,
) error {
	if len(in.Filters) > 0 {
		return invalidValuef("The local cloud does not filter launch template versions")
	}
	var found []types.LaunchTemplateVersion
	return a.Read(func(s *cloud.State) (err error) {
		templates := s.Templates
		if in.LaunchTemplateId != nil || in.LaunchTemplateName != nil {
			t, err := template(s, in.LaunchTemplateId, in.LaunchTemplateName)
			if err != nil {
				return err
			}
			templates = []*cloud.Template{t}
		} else if len(in.Versions) == 0 {
			return operation.Errorf("MissingParameter", "Without a launch template, Versions must be $Latest or $Default")
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
		out.LaunchTemplateVersions, out.NextToken, err = operation.Page(found, in.MaxResults, in.NextToken, pages)
		return err
	})
}

func selectVersions(t *cloud.Template, in *ec2shapes.DescribeLaunchTemplateVersionsInput) ([]cloud.TemplateVersion, error) {
	if len(in.Versions) > 0 {
		var versions []cloud.TemplateVersion
		for _, label := range in.Versions {
			v, err := t.Version(label)
			if err != nil {
				return nil, err
			}
			versions = append(versions, v)
		}
		return versions, nil
	}
	first, last := int64(1), t.Latest().Number
	for _, bound := range []struct {
		number *int64
		text   *string
	}{{&first, in.MinVersion}, {&last, in.MaxVersion}} {
		if bound.text == nil {
			continue
		}
		n, err := strconv.ParseInt(*bound.text, 10, 64)
		if err != nil {
			return nil, invalidValuef("'%s' is not a version number", *bound.text)
		}
		*bound.number = n
	}
	outside := func(v cloud.TemplateVersion) bool { return v.Number < first || v.Number > last }
	versions := slices.DeleteFunc(slices.Clone(t.Versions), outside)
	slices.Reverse(versions)
	return versions, nil
}

// merge lays the members that are set in over onto base, as a new version of a
// template with a SourceVersion does.
func merge(base, over types.RequestLaunchTemplateData) types.RequestLaunchTemplateData {
	to, from := reflect.ValueOf(&base).Elem(), reflect.ValueOf(over)
	for i := range from.NumField() {
		if to.Field(i).CanSet() && !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return base
}

// described is the data as EC2 answers it. AWS names the members of request and
// answer alike, so JSON carries one over to the other.
func described(v cloud.TemplateVersion) (*types.ResponseLaunchTemplateData, error) {
	text, err := json.Marshal(v.Data)
	if err != nil {
		return nil, fmt.Errorf("describe launch template version %d: %w", v.Number, err)
	}
	var data types.ResponseLaunchTemplateData
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("describe launch template version %d: %w", v.Number, err)
	}
	return &data, nil
}
