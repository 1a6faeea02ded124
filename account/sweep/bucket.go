package sweep

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"secondwind/account/ec2form"
)

// listBuckets lists S3 buckets, which are removed with every version of every object
// in them. The local cloud has no S3: this was never run.
func (s *Sweeper) listBuckets(ctx context.Context, candidates tagged) (things []thing, err error) {
	for arn := range candidates {
		name := nameIn(arn)
		out, err := s.buckets.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name})
		switch code := ec2form.Code(err); {
		case code == "NoSuchBucket" || code == "NoSuchTagSet":
			continue
		case err != nil:
			return things, err
		}
		things = append(things, thing{id: name, tags: tagsOf(out.TagSet, func(t types.Tag) (key, value *string) { return t.Key, t.Value })})
	}
	return things, nil
}

func (s *Sweeper) removeBucket(ctx context.Context, name string) error {
	pages := s3.NewListObjectVersionsPaginator(s.buckets, &s3.ListObjectVersionsInput{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if err := s.removeVersions(ctx, name, page); err != nil {
			return err
		}
	}
	_, err := s.buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
	return err
}

func (s *Sweeper) removeVersions(ctx context.Context, bucket string, page *s3.ListObjectVersionsOutput) error {
	var objects []types.ObjectIdentifier
	for _, v := range page.Versions {
		objects = append(objects, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		objects = append(objects, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	if len(objects) == 0 {
		return nil
	}
	out, err := s.buckets.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &bucket, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
	})
	if err != nil || len(out.Errors) == 0 {
		return err
	}
	e := out.Errors[0]
	refused := &smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
	return fmt.Errorf("object %s: %w", aws.ToString(e.Key), refused)
}
