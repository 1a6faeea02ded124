package sweep

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"secondwind/account/ec2form"
)

// deletionWindow is how long a key waits for its deletion, in days: the least
// that KMS allows.
const deletionWindow = 7

func (s *Sweeper) listKeys(ctx context.Context, candidates tagged) (things []thing, err error) {
	for arn := range candidates {
		out, err := s.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		if ec2form.Code(err) == "NotFoundException" {
			continue
		}
		tags := call(ctx, &err, s.keys.ListResourceTags, &kms.ListResourceTagsInput{KeyId: &arn})
		if err != nil {
			return things, err
		}
		t := thing{id: arn, tags: tagsOf(tags.Tags, func(t types.Tag) (key, value *string) { return t.TagKey, t.TagValue })}
		if out.KeyMetadata.KeyState == types.KeyStatePendingDeletion {
			t.going = "KMS deletes it at " + aws.ToTime(out.KeyMetadata.DeletionDate).UTC().Format(time.RFC3339)
		}
		things = append(things, t)
	}
	return things, nil
}

// removeKey frees the key's aliases at once, so that a next run can have them. The key
// itself waits for its deletion.
func (s *Sweeper) removeKey(ctx context.Context, arn string) (err error) {
	for _, a := range call(ctx, &err, s.keys.ListAliases, &kms.ListAliasesInput{KeyId: &arn}).Aliases {
		call(ctx, &err, s.keys.DeleteAlias, &kms.DeleteAliasInput{AliasName: a.AliasName})
	}
	call(ctx, &err, s.keys.ScheduleKeyDeletion, &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(deletionWindow)})
	return err
}
