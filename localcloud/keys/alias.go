package keys

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// alias is another name of a key.
type alias struct {
	target           string // id of the key
	created, updated time.Time
}

// aliasName and aliasMember are what an alias may be, and what AWS takes for a
// member of that name before it looks closer.
var (
	aliasName   = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)
	aliasMember = regexp.MustCompile(`^[a-zA-Z0-9:/_-]+$`)
)

func checkAlias(name *string) error {
	switch {
	case name == nil:
		return missing("aliasName")
	case *name == "":
		return constraint("''", "aliasName", "Member must have length greater than or equal to 1")
	case len(*name) > maxAlias:
		return constraint(fmt.Sprintf("'%.300s'", *name), "aliasName", "Member must have length less than or equal to %d", maxAlias)
	case !aliasMember.MatchString(*name):
		return constraint("'"+*name+"'", "aliasName", "Member must satisfy regular expression pattern: %s", aliasMember)
	case !strings.HasPrefix(*name, "alias/"):
		return validation(
			"Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
		)
	case strings.HasPrefix(*name, "alias/aws/"):
		return fault("NotAuthorizedException", "%s begins with alias/aws/, which only AWS's own aliases do", *name)
	case !aliasName.MatchString(*name):
		return fault("InvalidAliasNameException", "%s contains invalid characters for an alias", *name)
	}
	return nil
}

func (k *Keys) createAlias(in *kms.CreateAliasInput, now time.Time) (*kms.CreateAliasOutput, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	if in.TargetKeyId == nil {
		return nil, missing("targetKeyId")
	}
	if k.aliases[*in.AliasName] != nil {
		return nil, fault("AlreadyExistsException", "An alias with the name %s already exists", k.arn(*in.AliasName))
	}
	key, err := k.aliasTarget(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	k.aliases[*in.AliasName] = &alias{target: key.id, created: now, updated: now}
	return &kms.CreateAliasOutput{}, nil
}

// aliasTarget is a key that may get one alias more.
func (k *Keys) aliasTarget(name *string) (*key, error) {
	key, err := k.findAlive(name)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, a := range k.aliases {
		if a.target == key.id {
			n++
		}
	}
	if n >= maxAliases {
		return nil, fault("LimitExceededException", "The key has %d aliases, the most that a key may have.", n)
	}
	return key, nil
}

func (k *Keys) existingAlias(name *string) (*alias, error) {
	if err := checkAlias(name); err != nil {
		return nil, err
	}
	if a := k.aliases[*name]; a != nil {
		return a, nil
	}
	return nil, fault("NotFoundException", "Alias %s is not found.", k.arn(*name))
}

func (k *Keys) updateAlias(in *kms.UpdateAliasInput, now time.Time) (*kms.UpdateAliasOutput, error) {
	a, err := k.existingAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	key, err := k.aliasTarget(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	a.target, a.updated = key.id, now
	return &kms.UpdateAliasOutput{}, nil
}

func (k *Keys) deleteAlias(in *kms.DeleteAliasInput, _ time.Time) (*kms.DeleteAliasOutput, error) {
	if _, err := k.existingAlias(in.AliasName); err != nil {
		return nil, err
	}
	delete(k.aliases, *in.AliasName)
	return &kms.DeleteAliasOutput{}, nil
}

func (k *Keys) listAliases(in *kms.ListAliasesInput, _ time.Time) (*kms.ListAliasesOutput, error) {
	names := slices.Sorted(maps.Keys(k.aliases))
	if in.KeyId != nil {
		key, err := k.findByID(in.KeyId)
		if err != nil {
			return nil, err
		}
		names = slices.DeleteFunc(names, func(name string) bool { return k.aliases[name].target != key.id })
	}
	names, next, err := page(names, in.Limit, in.Marker, 100)
	if err != nil {
		return nil, err
	}
	out := &kms.ListAliasesOutput{NextMarker: next, Truncated: next != nil}
	for _, name := range names {
		a := *k.aliases[name]
		out.Aliases = append(out.Aliases, types.AliasListEntry{
			AliasName: &name, AliasArn: aws.String(k.arn(name)), TargetKeyId: &a.target, CreationDate: &a.created, LastUpdatedDate: &a.updated,
		})
	}
	return out, nil
}
