mock_provider "aws" {
  source = "../tests/mocks"
}

variables {
  repository = "someone/secondwind"
}

run "one_branch_of_one_repository" {
  assert {
    condition     = jsondecode(aws_iam_role.github.assume_role_policy).Statement[0].Condition.StringEquals == { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = "repo:someone/secondwind:ref:refs/heads/main" }
    error_message = "Only the branch of the repository may take the role."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : !contains(flatten([try(s.Action, [])]), "*")])
    error_message = "The role must not be an administrator's."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : try(s.Effect == "Deny" && contains(s.Resource, "arn:aws:iam::123456789012:role/secondwind-github"), false)])
    error_message = "The role must not be able to give itself more."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : length(setintersection(flatten([try(s.Action, [])]), ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])) == 0 || try(s.Condition.StringEquals["iam:PermissionsBoundary"] == aws_iam_policy.boundary.arn, false)])
    error_message = "The role must not be able to make a role without the boundary: it could make an administrator's, and take it."
  }

  assert {
    condition     = length(setintersection(flatten([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : try(s.Action, [])]), ["*", "iam:*", "sts:*", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRolePermissionsBoundary"])) == 0
    error_message = "The role must not be able to do what takes it past its boundary."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : !contains(flatten([try(s.Action, [])]), "iam:PassRole") || try(s.Condition.StringEquals["iam:PassedToService"] == "ec2.amazonaws.com", false)])
    error_message = "The role must pass roles to instances only."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : s.Sid != "InTheRegion" || try(s.Condition.StringEquals["aws:RequestedRegion"] == "us-east-1", false)])
    error_message = "The role must work in one region only."
  }

  assert {
    condition     = length(setsubtract(["iam:ListRoles", "iam:ListRoleTags", "iam:ListInstanceProfiles", "iam:ListInstanceProfileTags", "iam:ListPolicies", "iam:ListPolicyTags", "cloudformation:GetResource", "tag:GetResources"], flatten([for s in jsondecode(aws_iam_role_policy.github.policy).Statement : try(s.Action, []) if s.Resource == "*"]))) == 0
    error_message = "The role must be able to look for what is left: sweep would never say that nothing is."
  }
}

run "provider_that_is_there" {
  variables {
    create_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && jsondecode(aws_iam_role.github.assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "An identity provider that is there already must be used."
  }
}

run "every_repository" {
  command = plan

  variables {
    repository = "someone/*"
  }

  expect_failures = [var.repository]
}

run "every_branch" {
  command = plan

  variables {
    branch = "*"
  }

  expect_failures = [var.branch]
}
