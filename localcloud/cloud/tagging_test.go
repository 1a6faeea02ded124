package cloud

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/awsapi/ec2shapes"
)

// tagAll gives the group and the template the run a, the target group the run b.
func tagAll(t *testing.T, w *world) {
	t.Helper()
	must[autoscaling.CreateOrUpdateTagsOutput](t)(autoScalingAPI{w.Cloud}.createOrUpdateTags(t.Context(), &autoscaling.CreateOrUpdateTagsInput{
		Tags: []astypes.Tag{{ResourceId: aws.String(testGroup), ResourceType: aws.String("auto-scaling-group"), Key: aws.String("run"), Value: aws.String("a")}},
	}))
	must[ec2shapes.CreateTagsOutput](t)(ec2API{w.Cloud}.createTags(t.Context(), &ec2shapes.CreateTagsInput{
		Resources: []string{w.templates[0].id}, Tags: []ec2types.Tag{{Key: aws.String("run"), Value: aws.String("a")}, {Key: aws.String("colour"), Value: aws.String("red")}},
	}))
	must[elb.AddTagsOutput](t)(elbAPI{w.Cloud}.addTags(t.Context(), &elb.AddTagsInput{
		ResourceArns: []string{w.tg}, Tags: []elbtypes.Tag{{Key: aws.String("run"), Value: aws.String("b")}},
	}))
}

func TestTaggedResourcesAreFoundByTagTypeAndARN(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		tagAll(t, w)
		group, template := w.engine.Groups()[0].ARN, "arn:aws:ec2:local-1:123456789012:launch-template/"+w.templates[0].id
		run := func(values ...string) types.TagFilter { return types.TagFilter{Key: aws.String("run"), Values: values} }
		colour := types.TagFilter{Key: aws.String("colour")}
		for name, test := range map[string]struct {
			in   tagging.GetResourcesInput
			want []string
		}{
			"a key":                 {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run()}}, []string{group, template, w.tg}},
			"a value":               {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run("a")}}, []string{group, template}},
			"either value":          {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run("a", "b")}}, []string{group, template, w.tg}},
			"both keys":             {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run("a"), colour}}, []string{template}},
			"a value of nobody":     {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run("A")}}, nil},
			"a type":                {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run()}, ResourceTypeFilters: []string{"ec2:launch-template"}}, []string{template}},
			"a service":             {tagging.GetResourcesInput{TagFilters: []types.TagFilter{run()}, ResourceTypeFilters: []string{"elasticloadbalancing", "autoscaling"}}, []string{group, w.tg}},
			"a type that is longer": {tagging.GetResourcesInput{ResourceTypeFilters: []string{"ec2:launch"}}, nil},
			"an ARN":                {tagging.GetResourcesInput{ResourceARNList: []string{w.tg, "arn:aws:s3:::none"}}, []string{w.tg}},
		} {
			out := must[tagging.GetResourcesOutput](t)(w.getResources(t.Context(), &test.in))
			var got []string
			for _, m := range out.ResourceTagMappingList {
				got = append(got, *m.ResourceARN)
			}
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) || *out.PaginationToken != "" {
				t.Errorf("%s: %v, token %q, want %v", name, got, *out.PaginationToken, test.want)
			}
		}
	})
}

func TestTaggedResourcesComeInPages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		tagAll(t, w)
		in := tagging.GetResourcesInput{TagFilters: []types.TagFilter{{Key: aws.String("run")}}, ResourcesPerPage: aws.Int32(2)}
		first := must[tagging.GetResourcesOutput](t)(w.getResources(t.Context(), &in))
		in.PaginationToken = first.PaginationToken
		second := must[tagging.GetResourcesOutput](t)(w.getResources(t.Context(), &in))
		if len(first.ResourceTagMappingList) != 2 || len(second.ResourceTagMappingList) != 1 || *second.PaginationToken != "" {
			t.Errorf("pages of %d and %d, last token %q; want 2 and 1, and no more", len(first.ResourceTagMappingList), len(second.ResourceTagMappingList), *second.PaginationToken)
		}
	})
}

func TestGetResourcesRefusesWhatItDoesNotServe(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for name, test := range map[string]struct {
			in   tagging.GetResourcesInput
			want string
		}{
			"a filter without a key":   {tagging.GetResourcesInput{TagFilters: []types.TagFilter{{}}}, "InvalidParameterException: Every tag filter needs a Key"},
			"ARNs and filters at once": {tagging.GetResourcesInput{ResourceARNList: []string{"arn"}, ResourceTypeFilters: []string{"ec2"}}, "InvalidParameterException: ResourceARNList"},
			"compliance":               {tagging.GetResourcesInput{IncludeComplianceDetails: aws.Bool(true)}, "serves neither tag policies"},
			"a page that is too large": {tagging.GetResourcesInput{ResourcesPerPage: aws.Int32(101)}, "Value '101'"},
			"a token that is not ours": {tagging.GetResourcesInput{PaginationToken: aws.String("x")}, "PaginationTokenExpiredException: "},
		} {
			_, err := w.getResources(t.Context(), &test.in)
			refused, ok := errors.AsType[*awsapi.Error](err)
			if !ok || !strings.Contains(refused.Error(), test.want) {
				t.Errorf("%s: %v, want …%q…", name, err, test.want)
			}
		}
	})
}
