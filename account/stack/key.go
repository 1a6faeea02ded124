package stack

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// HistoryAlias is the alias of the key that encrypts the calculators' history in
// the stack of that name.
func HistoryAlias(name string) string { return "alias/" + name + "-history" }

// historyKey makes the key, which rotates by itself, and its alias. It comes before
// the group: its instances ask for the key as soon as they start.
func (b *builder) historyKey(ctx context.Context) error {
	made, err := b.keys.CreateKey(ctx, &kms.CreateKeyInput{
		Description: aws.String("Encrypts the history of the calculators of " + b.o.Name),
		Tags: append([]kmstypes.Tag{{TagKey: aws.String("Name"), TagValue: &b.o.Name}},
			tagList(b.o.Tags, func(k, v *string) kmstypes.Tag { return kmstypes.Tag{TagKey: k, TagValue: v} })...),
	})
	if err != nil {
		return err
	}
	if made.KeyMetadata == nil {
		return errors.New("the answer describes no key")
	}
	b.stack.HistoryKeyARN = aws.ToString(made.KeyMetadata.Arn)
	if _, err := b.keys.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: made.KeyMetadata.KeyId}); err != nil {
		return err
	}
	_, err = b.keys.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(HistoryAlias(b.o.Name)), TargetKeyId: made.KeyMetadata.KeyId})
	return err
}
