package sweep

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// named are the resources of the Region that the tagging API knows with the run's
// tag. It does not know IAM's (listIAM asks IAM itself).
func (s *Sweeper) named(ctx context.Context) (tagged, error) {
	filter := types.TagFilter{Key: aws.String(RunTag)}
	if s.cfg.Select.Run != "" {
		filter.Values = []string{s.cfg.Select.Run}
	}
	resources, err := collect(ctx,
		tagging.NewGetResourcesPaginator(tagging.NewFromConfig(s.cfg.AWS), &tagging.GetResourcesInput{TagFilters: []types.TagFilter{filter}}),
		func(page *tagging.GetResourcesOutput) []types.ResourceTagMapping { return page.ResourceTagMappingList })
	if err != nil {
		return nil, fmt.Errorf("find the resources with the tag %s in %s: %w", RunTag, s.cfg.AWS.Region, err)
	}
	all := tagged{}
	for _, r := range resources {
		all[aws.ToString(r.ResourceARN)] = tagsOf(r.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	}
	return all, nil
}

// pager is the shape of the SDK's paginators.
type pager[Page, Options any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Options)) (*Page, error)
}

// collect returns the items of every page; with an error, those before it.
func collect[Item, Page, Options any](ctx context.Context, pages pager[Page, Options], items func(*Page) []Item) (all []Item, err error) {
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, items(page)...)
	}
	return all, nil
}

// tagsOf reads a service's own kind of tags.
func tagsOf[T any](list []T, of func(T) (key, value *string)) map[string]string {
	tags := map[string]string{}
	for _, t := range list {
		key, value := of(t)
		tags[aws.ToString(key)] = aws.ToString(value)
	}
	return tags
}

// call makes a call unless one before it has failed, and keeps its error. The
// answer of a call that failed or was not made is the zero value.
func call[In, Out, Options any](
	ctx context.Context, err *error, to func(context.Context, *In, ...func(*Options)) (*Out, error), in *In,
) *Out {
	if *err == nil {
		var out *Out
		if out, *err = to(ctx, in); *err == nil {
			return out
		}
	}
	return new(Out)
}

// errUnsupported is why a resource stays that is of no kind which this program removes.
var errUnsupported = errors.New("secondwind cannot remove resources of this kind; remove it in its service's console or CLI. " +
	"If it has already been removed, the tagging API continues to list it for a few minutes")

func listUnsupported(_ context.Context, candidates tagged) (things []thing, _ error) {
	for arn, tags := range candidates {
		things = append(things, thing{id: arn, tags: tags})
	}
	return things, nil
}
