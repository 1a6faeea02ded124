package sweep

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// deletionWindow is how long a key waits for its deletion, in days: the least
// that KMS allows.
const deletionWindow = 7

// keyKind is KMS keys, which KMS deletes after a window only.
func keyKind() kind {
	return kind{name: "KMS key", types: []string{"kms:key"}, stage: stageLast, list: listKeys, remove: removeKey}
}

func listKeys(ctx context.Context, s *Sweeper, candidates tagged) (things []thing, err error) {
	client := kms.NewFromConfig(s.cfg.AWS)
	for arn := range candidates {
		out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		if codeOf(err) == "NotFoundException" {
			continue
		}
		if err != nil {
			return things, err
		}
		tags, err := client.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &arn})
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

// removeKey frees the key's aliases at once, so that a next run can have them.
func removeKey(ctx context.Context, s *Sweeper, arn string) error {
	client := kms.NewFromConfig(s.cfg.AWS)
	aliases, err := client.ListAliases(ctx, &kms.ListAliasesInput{KeyId: &arn})
	if err != nil {
		return err
	}
	for _, a := range aliases.Aliases {
		if _, err := client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: a.AliasName}); err != nil {
			return err
		}
	}
	_, err = client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(deletionWindow)})
	return err
}
