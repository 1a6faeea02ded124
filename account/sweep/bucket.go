package sweep

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// bucketKind is S3 buckets, with every version of every object in them. The local
// cloud has no S3: this was never run.
func bucketKind() kind {
	return kind{name: "S3 bucket", types: []string{"s3"}, stage: stageUsed, list: listBuckets, remove: removeBucket}
}

func listBuckets(ctx context.Context, s *Sweeper, candidates tagged) (things []thing, err error) {
	client := s3.NewFromConfig(s.cfg.AWS)
	for arn := range candidates {
		name := nameIn(arn)
		out, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name})
		switch code := codeOf(err); {
		case code == "NoSuchBucket" || code == "NoSuchTagSet":
			continue
		case err != nil:
			return things, err
		}
		things = append(things, thing{id: name, tags: tagsOf(out.TagSet, func(t types.Tag) (key, value *string) { return t.Key, t.Value })})
	}
	return things, nil
}

func removeBucket(ctx context.Context, s *Sweeper, name string) error {
	client := s3.NewFromConfig(s.cfg.AWS)
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var objects []types.ObjectIdentifier
		for _, v := range page.Versions {
			objects = append(objects, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			objects = append(objects, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(objects) == 0 {
			continue
		}
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &name, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return err
		}
		for _, e := range out.Errors {
			refused := &smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
			return fmt.Errorf("object %s: %w", aws.ToString(e.Key), refused)
		}
	}
	_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
	return err
}

// codeOf is AWS's code of an error, "" if it is not one of AWS's.
func codeOf(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}
