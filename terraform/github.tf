variable "github_repository" {
  type        = string
  default     = ""
  description = "owner/name of the GitHub repository whose workflows may deploy and destroy stacks in this account; empty makes no role."

  validation {
    condition     = var.github_repository == "" || can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", var.github_repository))
    error_message = "github_repository is not owner/name, such as octo-org/octo-repo (no wildcard: whoever matches could deploy here)."
  }
}

variable "github_ref" {
  type        = string
  default     = "refs/heads/main"
  description = "Git ref whose workflow runs may take the role; the nightly proof runs on the default branch."

  validation {
    condition     = can(regex("^refs/(heads|tags)/[A-Za-z0-9][A-Za-z0-9._/-]*$", var.github_ref))
    error_message = "github_ref is not one branch or tag such as refs/heads/main (no wildcard, no pull requests)."
  }
}

variable "github_provider_exists" {
  type        = bool
  default     = false
  description = "Whether the account has GitHub's OIDC provider already: there can be one only."
}

locals {
  github        = "token.actions.githubusercontent.com"
  with_github   = var.github_repository != ""
  github_issuer = "arn:${local.partition}:iam::${local.account}:oidc-provider/${local.github}"

  github_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.github_issuer }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.github}:aud" = "sts.amazonaws.com"
        "${local.github}:sub" = "repo:${var.github_repository}:ref:${var.github_ref}"
      } }
    }]
  }

  # What deploy, soak-aws, sweep and destroy call, for stacks whose name begins
  # with secondwind: in the one region, and of IAM their own names only, with the
  # boundary. The role cannot make a role that may do more.
  own_iam = [for kind in ["instance-profile", "policy", "role"] : "arn:${local.partition}:iam::${local.account}:${kind}/secondwind*"]
  github_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "TheStackInOneRegion"
        Effect = "Allow"
        Action = [
          "autoscaling:*", "cloudwatch:*", "ec2:*", "elasticloadbalancing:*", "kms:*",
          "ssm:*Association*", "ssm:DescribeDocument", "ssm:GetDocument", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
          "tag:GetResources",
        ]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
      },
      {
        Sid    = "OwnBucketsAndTopics"
        Effect = "Allow"
        Action = ["s3:*", "sns:*"]
        Resource = [
          "arn:${local.partition}:s3:::secondwind*",
          "arn:${local.partition}:sns:${var.region}:${local.account}:secondwind*",
        ]
      },
      {
        Sid    = "WithoutARegion"
        Effect = "Allow"
        Action = [
          "budgets:ListTagsForResource", "budgets:ModifyBudget", "budgets:TagResource", "budgets:ViewBudget",
          "sts:GetCallerIdentity",
        ]
        Resource = "*"
      },
      {
        Sid    = "OwnIAM"
        Effect = "Allow"
        Action = [
          "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:CreatePolicy", "iam:CreatePolicyVersion",
          "iam:DeleteInstanceProfile", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRole", "iam:DeleteRolePolicy",
          "iam:GetInstanceProfile", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListPolicyVersions", "iam:ListRolePolicies",
          "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:TagPolicy", "iam:TagRole",
          "iam:UntagInstanceProfile", "iam:UntagPolicy", "iam:UntagRole",
        ]
        Resource = local.own_iam
      },
      {
        Sid       = "OwnRolesWithTheBoundary"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        Resource  = "arn:${local.partition}:iam::${local.account}:role/secondwind*"
        Condition = { StringEquals = { "iam:PermissionsBoundary" = one(aws_iam_policy.boundary[*].arn) } }
      },
      {
        Sid       = "OwnRolesToInstances"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = "arn:${local.partition}:iam::${local.account}:role/secondwind*"
        Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
      },
      {
        Sid       = "RolesOfServices"
        Effect    = "Allow"
        Action    = "iam:CreateServiceLinkedRole"
        Resource  = "*"
        Condition = { StringEquals = { "iam:AWSServiceName" = ["autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com"] } }
      },
      {
        Sid    = "NeitherItselfNorTheBoundary"
        Effect = "Deny"
        Action = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:PutRolePolicy"]
        Resource = [
          "arn:${local.partition}:iam::${local.account}:policy/${var.name}-boundary",
          "arn:${local.partition}:iam::${local.account}:role/${var.name}-github",
        ]
      },
    ]
  }

  # The most that any role of a stack may: what instances and builders use.
  boundary_policy = {
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ec2messages:*", "kms:Decrypt", "kms:Encrypt", "s3:GetObjectVersion", "ssm:*", "ssmmessages:*"]
      Resource = "*"
    }]
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = local.with_github && !var.github_provider_exists ? 1 : 0
  url            = "https://${local.github}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_policy" "boundary" {
  count       = local.with_github ? 1 : 0
  name        = "${var.name}-boundary"
  description = "The most that a role may which GitHub's workflows make"
  policy      = jsonencode(local.boundary_policy)
}

resource "aws_iam_role" "github" {
  count                = local.with_github ? 1 : 0
  name                 = "${var.name}-github"
  description          = "Workflows of ${var.github_repository} on ${var.github_ref}"
  assume_role_policy   = jsonencode(local.github_trust)
  max_session_duration = 7200

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "github" {
  count  = local.with_github ? 1 : 0
  name   = "deploy-and-destroy"
  role   = aws_iam_role.github[0].name
  policy = jsonencode(local.github_policy)
}
