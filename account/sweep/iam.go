package sweep

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// iamKinds are what IAM has of a stack. The tagging API does not name roles, and
// IAM's lists have no tags, so that each must be asked for its own; the local
// cloud has no IAM.
func iamKinds() []kind {
	return []kind{
		{"instance profile", []string{"iam:instance-profile"}, stageUsed, listProfiles, removeProfile},
		{"IAM role", []string{"iam:role"}, stageParts, listRoles, removeRole},
		{"IAM policy", []string{"iam:policy"}, stageNetwork, listPolicies, removePolicy},
	}
}

// suffixes are how terraform/ names what it makes in IAM, after the stack's name.
// Only what is named so is asked for its tags: an account may have a thousand roles.
var suffixes = []string{"-instance", "-builder", "-verifier"}

func likeOurs(name *string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(aws.ToString(name), suffix) })
}

// withTagsOf adds a thing with the tags that ask gets; what has gone since it was
// listed is left out.
func withTagsOf(things []thing, id *string, ask func() ([]types.Tag, error)) ([]thing, error) {
	list, err := ask()
	switch {
	case codeOf(err) == "NoSuchEntity":
		return things, nil
	case err != nil:
		return things, err
	}
	tags := tagsOf(list, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	return append(things, thing{id: aws.ToString(id), tags: tags}), nil
}

func listProfiles(ctx context.Context, s *Sweeper, _ tagged) (things []thing, err error) {
	client := iam.NewFromConfig(s.cfg.AWS)
	pages := iam.NewListInstanceProfilesPaginator(client, &iam.ListInstanceProfilesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.InstanceProfiles {
			if !likeOurs(p.InstanceProfileName) {
				continue
			}
			things, err = withTagsOf(things, p.InstanceProfileName, func() ([]types.Tag, error) {
				out, err := client.ListInstanceProfileTags(ctx, &iam.ListInstanceProfileTagsInput{InstanceProfileName: p.InstanceProfileName})
				if err != nil {
					return nil, err
				}
				return out.Tags, nil
			})
			if err != nil {
				return things, err
			}
		}
	}
	return things, nil
}

// removeProfile takes the roles out first: IAM deletes no profile that has one.
func removeProfile(ctx context.Context, s *Sweeper, name string) error {
	client := iam.NewFromConfig(s.cfg.AWS)
	out, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	if err != nil {
		return err
	}
	for _, r := range out.InstanceProfile.Roles {
		if _, err := client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &name, RoleName: r.RoleName}); err != nil {
			return err
		}
	}
	_, err = client.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &name})
	return err
}

func listRoles(ctx context.Context, s *Sweeper, _ tagged) (things []thing, err error) {
	client := iam.NewFromConfig(s.cfg.AWS)
	pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Roles {
			if !likeOurs(r.RoleName) {
				continue
			}
			things, err = withTagsOf(things, r.RoleName, func() ([]types.Tag, error) {
				out, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r.RoleName})
				if err != nil {
					return nil, err
				}
				return out.Tags, nil
			})
			if err != nil {
				return things, err
			}
		}
	}
	return things, nil
}

// removeRole takes its policies with it: those in line are the role's own, the
// attached ones stay.
func removeRole(ctx context.Context, s *Sweeper, name string) error {
	client := iam.NewFromConfig(s.cfg.AWS)
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name})
	if err != nil {
		return err
	}
	for _, policy := range inline.PolicyNames {
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy}); err != nil {
			return err
		}
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return err
	}
	for _, policy := range attached.AttachedPolicies {
		if _, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: policy.PolicyArn}); err != nil {
			return err
		}
	}
	_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	return err
}

func listPolicies(ctx context.Context, s *Sweeper, _ tagged) (things []thing, err error) {
	client := iam.NewFromConfig(s.cfg.AWS)
	pages := iam.NewListPoliciesPaginator(client, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Policies {
			if !likeOurs(p.PolicyName) {
				continue
			}
			things, err = withTagsOf(things, p.Arn, func() ([]types.Tag, error) {
				out, err := client.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: p.Arn})
				if err != nil {
					return nil, err
				}
				return out.Tags, nil
			})
			if err != nil {
				return things, err
			}
		}
	}
	return things, nil
}

// removePolicy fails while somebody else has the policy: it tells that.
func removePolicy(ctx context.Context, s *Sweeper, arn string) error {
	client := iam.NewFromConfig(s.cfg.AWS)
	versions, err := client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn})
	if err != nil {
		return err
	}
	for _, v := range versions.Versions {
		if v.IsDefaultVersion {
			continue
		}
		if _, err := client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: v.VersionId}); err != nil {
			return err
		}
	}
	_, err = client.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &arn})
	return err
}
