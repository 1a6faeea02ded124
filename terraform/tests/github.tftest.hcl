# The role of GitHub's workflows, by variable.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "versions.tf" # any file: nothing is uploaded
}

run "githubs_role" {
  command = apply

  variables {
    github_repository = "octo-org/octo-repo"
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].url == "https://token.actions.githubusercontent.com" && aws_iam_openid_connect_provider.github[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "The provider is not GitHub's, or for others than AWS."
  }
  assert {
    condition = jsondecode(aws_iam_role.github[0].assume_role_policy).Statement == [{
      Action    = "sts:AssumeRoleWithWebIdentity"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
      Condition = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:octo-org/octo-repo:ref:refs/heads/main"
      } }
    }]
    error_message = "Others than the repository's default branch may take GitHub's role."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.github[0].policy).Statement : try(s.Condition.StringEquals["iam:PermissionsBoundary"], "") == aws_iam_policy.boundary[0].arn if s.Effect == "Allow" && length(setintersection(flatten([s.Action]), ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])) > 0])
    error_message = "GitHub's role can make a role without the boundary, and so may do anything."
  }
  assert {
    condition     = !anytrue([for s in jsondecode(aws_iam_role_policy.github[0].policy).Statement : anytrue([for action in flatten([s.Action]) : contains(["*", "iam:*", "sts:*", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRolePermissionsBoundary"], action)]) if s.Effect == "Allow"])
    error_message = "GitHub's role may do what takes it past its boundary."
  }
  assert {
    condition     = anytrue([for s in jsondecode(aws_iam_role_policy.github[0].policy).Statement : s.Effect == "Deny" && contains(flatten([s.Resource]), "arn:aws:iam::123456789012:role/secondwind-github") && contains(flatten([s.Resource]), "arn:aws:iam::123456789012:policy/secondwind-boundary")])
    error_message = "GitHub's role may change itself or the boundary."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.github[0].policy).Statement : try(s.Condition.StringEquals["iam:PassedToService"], "") == "ec2.amazonaws.com" if contains(flatten([s.Action]), "iam:PassRole")])
    error_message = "GitHub's role may pass roles to others than instances."
  }
}

run "githubs_provider_is_there_already" {
  command = apply

  variables {
    github_repository      = "octo-org/octo-repo"
    github_provider_exists = true
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && jsondecode(aws_iam_role.github[0].assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "The provider that the account has is not used."
  }
}
