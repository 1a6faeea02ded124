package ec2api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const (
	newTemplate = "CreateLaunchTemplate&LaunchTemplateName=other&LaunchTemplateData."
	newVersion  = "CreateLaunchTemplateVersion&LaunchTemplateName=web-lt&LaunchTemplateData."
	versions    = "DescribeLaunchTemplateVersions&LaunchTemplateName=web-lt"
	set         = "launchTemplateVersionSet"
)

func TestATemplateIsAsItWasAskedFor(t *testing.T) {
	do(t, apitest.Steps{
		{
			"create", newTemplate + "ImageId=ami-1&LaunchTemplateData.InstanceType=t3.micro&LaunchTemplateData.KeyName=k" +
				"&LaunchTemplateData.SecurityGroupId.1=sg-1&LaunchTemplateData.MetadataOptions.HttpTokens=required&VersionDescription=first" +
				"&TagSpecification.1.ResourceType=launch-template&TagSpecification.1.Tag.1.Key=run&TagSpecification.1.Tag.1.Value=a" +
				"&TagSpecification.2.ResourceType=instance&TagSpecification.2.Tag.1.Key=no",
			"launchTemplate.launchTemplateName=other&launchTemplate.defaultVersionNumber=1&launchTemplate.latestVersionNumber=1&" +
				"launchTemplate.createTime=2000-01-01T00:00:10.000Z&launchTemplate.createdBy=arn:aws:iam::123456789012:user/secondwind&" +
				"launchTemplate.tagSet#=1&launchTemplate.tagSet.1.key=run",
		},
		{
			"its version", "DescribeLaunchTemplateVersions&LaunchTemplateName=other",
			set + "#=1&" + set + ".1.versionNumber=1&" + set + ".1.defaultVersion=true&" + set + ".1.versionDescription=first&" +
				set + ".1.launchTemplateData.imageId=ami-1&" + set + ".1.launchTemplateData.instanceType=t3.micro&" +
				set + ".1.launchTemplateData.keyName=k&" + set + ".1.launchTemplateData.securityGroupIdSet.1=sg-1&" +
				set + ".1.launchTemplateData.metadataOptions.httpTokens=required",
		},
		{"as a dry run", strings.Replace(newTemplate, "other", "dry", 1) + "ImageId=ami-1&DryRun=true", dry},
		{"nothing was made", "DescribeLaunchTemplates&LaunchTemplateName.1=dry", "InvalidLaunchTemplateName.NotFoundException: …"},
	})
}

func TestBadTemplatesAreRefused(t *testing.T) {
	const name = "InvalidLaunchTemplateName.MalformedException: A launch template name must be between 3 and 128 characters, " +
		"and may contain letters, numbers, and the following characters: - ( ) . / _ ; it is "
	named := func(name string) string { return strings.Replace(newTemplate, "other", name, 1) + "ImageId=ami-1" }
	do(t, apitest.Steps{
		{"no name", "CreateLaunchTemplate", missing("LaunchTemplateName")},
		{"no data", "CreateLaunchTemplate&LaunchTemplateName=other", missing("LaunchTemplateData")},
		{"a name of two letters", named("ab"), name + "'ab'"},
		{"a name with a space", named("a+b"), name + "'a b'"},
		{"a name of 129 letters", named(strings.Repeat("x", 129)), name + "'" + strings.Repeat("x", 129) + "'"},
		{"a name that is taken", named("web-lt"), "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use."},
		{"an operator", named("other") + "&Operator.Principal=p", notServed("Operator")},
		{
			"a member that there is not", named("other") + "&LaunchTemplateData.Colour=red",
			"UnknownParameter: The parameter LaunchTemplateData.Colour is not recognized",
		},
		{"a version of an alias", newVersion + "ImageId=ami-1&ResolveAlias=true", notServed("ResolveAlias")},
		{"a version of no data", "CreateLaunchTemplateVersion&LaunchTemplateName=web-lt", missing("LaunchTemplateData")},
		{
			"a version of nothing", "CreateLaunchTemplateVersion&LaunchTemplateData.ImageId=ami-1",
			"MissingParameter: Either LaunchTemplateId or LaunchTemplateName must be given",
		},
		{
			"a version of two templates", newVersion + "ImageId=ami-1&LaunchTemplateId={lt}",
			"InvalidParameterCombination: LaunchTemplateId and LaunchTemplateName cannot both be given",
		},
		{
			"a version of no template", "CreateLaunchTemplateVersion&LaunchTemplateName=none&LaunchTemplateData.ImageId=ami-1",
			"InvalidLaunchTemplateName.NotFoundException: The specified launch template, with template name none, does not exist.",
		},
		{
			"a version on no version", newVersion + "ImageId=ami-1&SourceVersion=7",
			"InvalidLaunchTemplateId.VersionNotFound: Could not find the specified version 7 for the launch template with ID {lt}.",
		},
		{"a version as a dry run", newVersion + "ImageId=ami-1&DryRun=true", dry},
		{"there is one still", versions, set + "#=1"},
	})
}

// A version builds on its source: what it does not say is as there.
func TestVersionsBuildOnTheirSource(t *testing.T) {
	do(t, apitest.Steps{
		{
			"on the first", newVersion + "InstanceType=t3.micro&SourceVersion=1&VersionDescription=faster",
			"launchTemplateVersion.versionNumber=2&launchTemplateVersion.defaultVersion=false&" +
				"launchTemplateVersion.versionDescription=faster&launchTemplateVersion.launchTemplateData.instanceType=t3.micro&" +
				"launchTemplateVersion.launchTemplateData.imageId=ami-1",
		},
		{
			"on none", newVersion + "InstanceType=m5.large",
			"launchTemplateVersion.versionNumber=3&launchTemplateVersion.launchTemplateData.instanceType=m5.large&" +
				"!launchTemplateVersion.launchTemplateData.imageId",
		},
		{"on the latest", newVersion + "ImageId=ami-2&SourceVersion=$Latest", "launchTemplateVersion.launchTemplateData.instanceType=m5.large"},
		{"the newest first", versions, set + "#=4&" + set + ".1.versionNumber=4&" + set + ".4.versionNumber=1"},
		{"from the second", versions + "&MinVersion=2", set + "#=3&" + set + ".3.versionNumber=2"},
		{"to the second", versions + "&MaxVersion=2", set + "#=2&" + set + ".1.versionNumber=2"},
		{"between", versions + "&MinVersion=2&MaxVersion=3", set + "#=2&" + set + ".1.versionNumber=3&" + set + ".2.versionNumber=2"},
		{
			"as they are asked for", versions + "&LaunchTemplateVersion.1=$Default&LaunchTemplateVersion.2=$Latest",
			set + ".1.versionNumber=1&" + set + ".2.versionNumber=4",
		},
		{
			"of all templates", "DescribeLaunchTemplateVersions&LaunchTemplateVersion.1=$Latest",
			set + "#=1&" + set + ".1.launchTemplateName=web-lt",
		},
		{"by id", "DescribeLaunchTemplateVersions&LaunchTemplateId={lt}", set + "#=4"},
		{"the template", "DescribeLaunchTemplates", "launchTemplates.1.defaultVersionNumber=1&launchTemplates.1.latestVersionNumber=4"},
	})
}

func TestBadVersionsAreRefused(t *testing.T) {
	do(t, apitest.Steps{
		{"none", versions + "&LaunchTemplateVersion.1=9", "InvalidLaunchTemplateId.VersionNotFound: Could not find the specified version 9 " +
			"for the launch template with ID {lt}."},
		{
			"version 0", versions + "&LaunchTemplateVersion.1=0",
			"InvalidLaunchTemplateId.VersionNotFound: Could not find the specified version 0 …",
		},
		{
			"no number", versions + "&LaunchTemplateVersion.1=latest",
			"InvalidLaunchTemplateId.VersionNotFound: The specified launch template version 'latest' is not valid: " +
				"it is a number, $Latest or $Default",
		},
		{"from no number", versions + "&MinVersion=one", "InvalidParameterValue: 'one' is not a version number"},
		{"to no number", versions + "&MinVersion=one&MaxVersion=two", "InvalidParameterValue: 'one' is not a version number"},
		{
			"of no template", "DescribeLaunchTemplateVersions",
			"MissingParameter: Without a launch template, Versions must be $Latest or $Default",
		},
		{
			"of one that there is not", "DescribeLaunchTemplateVersions&LaunchTemplateName=none",
			"InvalidLaunchTemplateName.NotFoundException: …",
		},
		{
			"filtered", filtered(versions, "image-id", "ami-1"),
			"InvalidParameterValue: The local cloud does not filter launch template versions",
		},
		{"a page that is too long", versions + "&MaxResults=1001", tooLong("1001")},
		{"a token that is not ours", versions + "&NextToken=x", noToken},
		{"a dry run", versions + "&DryRun=true", dry},
	})
}

func TestTemplatesAreFoundAndDeleted(t *testing.T) {
	const describe = "DescribeLaunchTemplates"
	do(t, apitest.Steps{
		{
			"another", newTemplate + "ImageId=ami-1&TagSpecification.1.ResourceType=launch-template&TagSpecification.1.Tag.1.Key=run" +
				"&TagSpecification.1.Tag.1.Value=b", "",
		},
		{"both", describe, "launchTemplates#=2&launchTemplates.1.launchTemplateName=web-lt&launchTemplates.2.launchTemplateName=other"},
		{"by id", describe + "&LaunchTemplateId.1={lt}", "launchTemplates#=1&launchTemplates.1.launchTemplateName=web-lt"},
		{"by name", describe + "&LaunchTemplateName.1=other", "launchTemplates#=1&launchTemplates.1.launchTemplateName=other"},
		{
			"by no id", describe + "&LaunchTemplateId.1=lt-1",
			"InvalidLaunchTemplateId.NotFound: The specified launch template, with template ID lt-1, does not exist.",
		},
		{
			"by no name", describe + "&LaunchTemplateName.1=none",
			"InvalidLaunchTemplateName.NotFoundException: The specified launch template, with template name none, does not exist.",
		},
		{"by a filter of the name", filtered(describe, "launch-template-name", "o*"), "launchTemplates#=1"},
		{
			"by when", filtered(describe, "create-time", "2000-01-01T00:00:10.000Z"),
			"launchTemplates#=1&launchTemplates.1.launchTemplateName=other",
		},
		{"by a tag", filtered(describe, "tag:run", "b"), "launchTemplates#=1"},
		{"by a filter that there is not", filtered(describe, "colour", "red"), "InvalidParameterValue: The filter 'colour' is invalid"},
		{"the first page", describe + "&MaxResults=1", "launchTemplates#=1&launchTemplates.1.launchTemplateName=web-lt"},
		{"a token that is not ours", describe + "&NextToken=x", noToken},
		{"delete as a dry run", "DeleteLaunchTemplate&LaunchTemplateName=other&DryRun=true", dry},
		{"delete none", "DeleteLaunchTemplate&LaunchTemplateName=none", "InvalidLaunchTemplateName.NotFoundException: …"},
		{"delete nothing", "DeleteLaunchTemplate", "MissingParameter: Either LaunchTemplateId or LaunchTemplateName must be given"},
		{"delete", "DeleteLaunchTemplate&LaunchTemplateName=other", "launchTemplate.launchTemplateName=other&launchTemplate.tagSet#=1"},
		{"one is left", describe, "launchTemplates#=1"},
		{"a new one of the name has no tags", newTemplate + "ImageId=ami-1", "launchTemplate.tagSet#=0"},
	})
}

// What an instance cannot be launched of is found when it is launched, as in EC2.
func TestAnInstanceIsLaunchedAsItsTemplateSays(t *testing.T) {
	launch := "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&DesiredCapacity=2&LaunchTemplate.LaunchTemplateName=web-lt" +
		"&LaunchTemplate.Version=$Latest"
	for name, test := range map[string]struct{ data, failure string }{
		"an image that there is not": {
			"ImageId=ami-2&LaunchTemplateData.InstanceType=t2.micro",
			"The image id '[ami-2]' does not exist. Launching EC2 instance failed.",
		},
		"a type that there is not": {
			"ImageId=ami-1&LaunchTemplateData.InstanceType=t2.enormous",
			"The requested instance type 't2.enormous' is not known. Launching EC2 instance failed.",
		},
		"a profile of a bad name": {
			"ImageId=ami-1&LaunchTemplateData.InstanceType=t2.micro&LaunchTemplateData.IamInstanceProfile.Name=a/b",
			"Value (a/b) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name. Launching EC2 instance failed.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			withInstance(t, func(t *testing.T, w *apitest.World) {
				w.Call(t, awsapi.EC2, newVersion+test.data)
				w.Call(t, awsapi.AutoScaling, launch)
				w.Wait(time.Second)
				w.Do(t, awsapi.AutoScaling, apitest.Steps{{
					"why", "DescribeScalingActivities&Filters.member.1.Name=Status&Filters.member.1.Values.member.1=Failed",
					"Activities.1.StatusMessage=" + test.failure,
				}})
				w.Do(t, awsapi.EC2, apitest.Steps{{"no instance", "DescribeInstances", "reservationSet#=1"}})
			})
		})
	}
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Call(t, awsapi.EC2, newVersion+"ImageId=ami-1&LaunchTemplateData.InstanceType=t3.micro&LaunchTemplateData.IamInstanceProfile.Name=demo")
		w.Call(t, awsapi.AutoScaling, launch)
		w.Wait(10 * time.Second)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"of its type, with its role", filtered("DescribeInstances", "instance-type", "t3.micro"),
				"reservationSet#=1&reservationSet.1.instancesSet.1.iamInstanceProfile.arn=arn:aws:iam::123456789012:instance-profile/demo",
			},
			{
				"its credits are unlimited", "DescribeInstanceCreditSpecifications",
				"instanceCreditSpecificationSet#=2&instanceCreditSpecificationSet.1.cpuCredits=standard&" +
					"instanceCreditSpecificationSet.2.cpuCredits=unlimited",
			},
		})
	})
}

func TestVersionsComeInPages(t *testing.T) {
	withInstance(t, func(t *testing.T, w *apitest.World) {
		for i := range 4 {
			w.Call(t, awsapi.EC2, newVersion+fmt.Sprintf("ImageId=ami-%d", i))
		}
		w.Name(t, "next", "nextToken", awsapi.EC2, versions+"&MaxResults=2")
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"the second page of three", versions + "&MaxResults=2&NextToken={next}",
				set + "#=2&" + set + ".1.versionNumber=3&" + set + ".2.versionNumber=2",
			},
		})
	})
}
