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

// listIAM lists those of IAM's items that are named as terraform/ names them, with
// their tags; what has gone since it was listed is left out. of returns an item's
// name, and the id that its calls take.
func listIAM[Item, Page, Options any](
	ctx context.Context, pages pager[Page, Options], items func(*Page) []Item,
	of func(Item) (name, id *string), tags func(id *string) ([]types.Tag, error),
) (things []thing, err error) {
	all, err := collect(ctx, pages, items)
	if err != nil {
		return nil, err
	}
	for _, item := range all {
		name, id := of(item)
		if !likeOurs(name) {
			continue
		}
		list, err := tags(id)
		switch {
		case codeOf(err) == "NoSuchEntity":
			continue
		case err != nil:
			return things, err
		}
		things = append(things, thing{aws.ToString(id), tagsOf(list, func(t types.Tag) (key, value *string) { return t.Key, t.Value }), ""})
	}
	return things, nil
}

func listProfiles(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
	client := iam.NewFromConfig(s.cfg.AWS)
	return listIAM(ctx, iam.NewListInstanceProfilesPaginator(client, &iam.ListInstanceProfilesInput{}),
		func(page *iam.ListInstanceProfilesOutput) []types.InstanceProfile { return page.InstanceProfiles },
		func(p types.InstanceProfile) (name, id *string) { return p.InstanceProfileName, p.InstanceProfileName },
		func(name *string) ([]types.Tag, error) {
			return collect(ctx, iam.NewListInstanceProfileTagsPaginator(client, &iam.ListInstanceProfileTagsInput{InstanceProfileName: name}),
				func(page *iam.ListInstanceProfileTagsOutput) []types.Tag { return page.Tags })
		})
}

// removeProfile takes the roles out first: IAM deletes no profile that has one.
func removeProfile(ctx context.Context, s *Sweeper, name string) error {
	client := iam.NewFromConfig(s.cfg.AWS)
	out, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	if err != nil {
		return err
	}
	for _, r := range out.InstanceProfile.Roles {
		in := iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &name, RoleName: r.RoleName}
		if _, err := client.RemoveRoleFromInstanceProfile(ctx, &in); err != nil {
			return err
		}
	}
	_, err = client.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &name})
	return err
}

func listRoles(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
	client := iam.NewFromConfig(s.cfg.AWS)
	return listIAM(ctx, iam.NewListRolesPaginator(client, &iam.ListRolesInput{}),
		func(page *iam.ListRolesOutput) []types.Role { return page.Roles },
		func(r types.Role) (name, id *string) { return r.RoleName, r.RoleName },
		func(name *string) ([]types.Tag, error) {
			return collect(ctx, iam.NewListRoleTagsPaginator(client, &iam.ListRoleTagsInput{RoleName: name}),
				func(page *iam.ListRoleTagsOutput) []types.Tag { return page.Tags })
		})
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

func listPolicies(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
	client := iam.NewFromConfig(s.cfg.AWS)
	return listIAM(ctx, iam.NewListPoliciesPaginator(client, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}),
		func(page *iam.ListPoliciesOutput) []types.Policy { return page.Policies },
		func(p types.Policy) (name, id *string) { return p.PolicyName, p.Arn },
		func(arn *string) ([]types.Tag, error) {
			return collect(ctx, iam.NewListPolicyTagsPaginator(client, &iam.ListPolicyTagsInput{PolicyArn: arn}),
				func(page *iam.ListPolicyTagsOutput) []types.Tag { return page.Tags })
		})
}

// removePolicy fails while another role or user has the policy; the error says so.
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
