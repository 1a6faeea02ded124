package sweep

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"secondwind/account/ec2form"
)

// suffixes are how terraform/ names what it makes in IAM, after the stack's name.
// Only what is named so is asked for its tags: an account may have a thousand roles.
var suffixes = []string{"-instance", "-builder", "-verifier"}

func likeOurs(name *string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(aws.ToString(name), suffix) })
}

// listIAM lists those of IAM's items that are named as terraform/ names them, with
// their tags; what has gone since it was listed is left out. of returns an item's
// name, and the id that its calls take. The tagging API does not name roles, and IAM's
// lists have no tags, so that each must be asked for its own; the local cloud has no IAM.
func listIAM[Item, Page, Options any](
	ctx context.Context, pages pager[Page, Options], items func(*Page) []Item,
	of func(Item) (name, id *string), tags func(id *string) ([]types.Tag, error),
) (things []thing, err error) {
	all, err := collect(ctx, pages, items)
	for _, item := range all {
		name, id := of(item)
		if !likeOurs(name) {
			continue
		}
		list, err := tags(id)
		switch {
		case ec2form.Code(err) == "NoSuchEntity":
			continue
		case err != nil:
			return things, err
		}
		things = append(things, thing{aws.ToString(id), tagsOf(list, func(t types.Tag) (key, value *string) { return t.Key, t.Value }), ""})
	}
	return things, err
}

func (s *Sweeper) listProfiles(ctx context.Context, _ tagged) ([]thing, error) {
	return listIAM(ctx, iam.NewListInstanceProfilesPaginator(s.iam, &iam.ListInstanceProfilesInput{}),
		func(page *iam.ListInstanceProfilesOutput) []types.InstanceProfile { return page.InstanceProfiles },
		func(p types.InstanceProfile) (name, id *string) { return p.InstanceProfileName, p.InstanceProfileName },
		func(name *string) ([]types.Tag, error) {
			return collect(ctx, iam.NewListInstanceProfileTagsPaginator(s.iam, &iam.ListInstanceProfileTagsInput{InstanceProfileName: name}),
				func(page *iam.ListInstanceProfileTagsOutput) []types.Tag { return page.Tags })
		})
}

// removeProfile takes the roles out first: IAM deletes no profile that has one.
func (s *Sweeper) removeProfile(ctx context.Context, name string) error {
	out, err := s.iam.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	if err != nil {
		return err
	}
	for _, r := range out.InstanceProfile.Roles {
		in := iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &name, RoleName: r.RoleName}
		call(ctx, &err, s.iam.RemoveRoleFromInstanceProfile, &in)
	}
	call(ctx, &err, s.iam.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: &name})
	return err
}

func (s *Sweeper) listRoles(ctx context.Context, _ tagged) ([]thing, error) {
	return listIAM(ctx, iam.NewListRolesPaginator(s.iam, &iam.ListRolesInput{}),
		func(page *iam.ListRolesOutput) []types.Role { return page.Roles },
		func(r types.Role) (name, id *string) { return r.RoleName, r.RoleName },
		func(name *string) ([]types.Tag, error) {
			return collect(ctx, iam.NewListRoleTagsPaginator(s.iam, &iam.ListRoleTagsInput{RoleName: name}),
				func(page *iam.ListRoleTagsOutput) []types.Tag { return page.Tags })
		})
}

// removeRole takes its policies with it: those in line are the role's own, the
// attached ones stay.
func (s *Sweeper) removeRole(ctx context.Context, name string) (err error) {
	for _, policy := range call(ctx, &err, s.iam.ListRolePolicies, &iam.ListRolePoliciesInput{RoleName: &name}).PolicyNames {
		call(ctx, &err, s.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy})
	}
	attached := call(ctx, &err, s.iam.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	for _, policy := range attached.AttachedPolicies {
		call(ctx, &err, s.iam.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: policy.PolicyArn})
	}
	call(ctx, &err, s.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: &name})
	return err
}

func (s *Sweeper) listPolicies(ctx context.Context, _ tagged) ([]thing, error) {
	return listIAM(ctx, iam.NewListPoliciesPaginator(s.iam, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}),
		func(page *iam.ListPoliciesOutput) []types.Policy { return page.Policies },
		func(p types.Policy) (name, id *string) { return p.PolicyName, p.Arn },
		func(arn *string) ([]types.Tag, error) {
			return collect(ctx, iam.NewListPolicyTagsPaginator(s.iam, &iam.ListPolicyTagsInput{PolicyArn: arn}),
				func(page *iam.ListPolicyTagsOutput) []types.Tag { return page.Tags })
		})
}

// removePolicy fails while another role or user has the policy; the error names that.
// The default version goes with the policy itself.
func (s *Sweeper) removePolicy(ctx context.Context, arn string) (err error) {
	for _, v := range call(ctx, &err, s.iam.ListPolicyVersions, &iam.ListPolicyVersionsInput{PolicyArn: &arn}).Versions {
		if !v.IsDefaultVersion {
			call(ctx, &err, s.iam.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: v.VersionId})
		}
	}
	call(ctx, &err, s.iam.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: &arn})
	return err
}
