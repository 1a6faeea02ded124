# The role that a GitHub workflow takes to deploy, prove and destroy, without a
# stored key. It is applied once, by hand, and outlives the runs: a stack that held
# its own role would remove it under the feet of make destroy.
#
#   terraform -chdir=terraform/github init
#   terraform -chdir=terraform/github apply -var repository=owner/name

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "repository" {
  type        = string
  description = "GitHub repository whose workflows may take the role: owner/name."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is not owner/name; a * would let others in."
  }
}

variable "branch" {
  type        = string
  default     = "main"
  description = "Branch whose workflows may take the role: no pull request can."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.branch))
    error_message = "branch is not the name of one branch; a * would let others in."
  }
}

variable "region" {
  type        = string
  default     = "us-east-1"
  description = "AWS region where the runs take place."
}

variable "name" {
  type        = string
  default     = "secondwind"
  description = "The name of the stacks that the role may build: variable name of terraform/."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name is not 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "create_provider" {
  type        = bool
  default     = true
  description = "Whether to make GitHub's identity provider; false where the account has it already."
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = "secondwind" }
  }
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  issuer   = "token.actions.githubusercontent.com"
  account  = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}"
  provider = var.create_provider ? aws_iam_openid_connect_provider.github[0].arn : "${local.account}:oidc-provider/${local.issuer}"

  # What Terraform calls to build and remove the stack, and what sweep calls. Names
  # narrow what has names; EC2 and Auto Scaling cannot be narrowed before they
  # exist, so the region does.
  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "InTheRegion"
        Effect = "Allow"
        Action = [
          "autoscaling:*", "cloudwatch:*", "ec2:*", "elasticloadbalancing:*", "kms:*", "sns:*", "ssm:*", "tag:GetResources",
          "cloudtrail:LookupEvents",                                                                                # soak --audit
          "cloudformation:DeleteResource", "cloudformation:GetResource", "cloudformation:GetResourceRequestStatus", # sweep, of topics and the like
        ]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
      },
      {
        Sid      = "Buckets"
        Effect   = "Allow"
        Action   = ["s3:*"]
        Resource = [for kind in ["artifacts", "logs"] : "arn:${data.aws_partition.this.partition}:s3:::${var.name}-${kind}-*"]
      },
      {
        Sid    = "RolesProfilesPolicies"
        Effect = "Allow"
        Action = [
          "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeleteInstanceProfile",
          "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetInstanceProfile", "iam:GetPolicy",
          "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
          "iam:ListPolicyVersions", "iam:ListRolePolicies", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:TagPolicy",
          "iam:TagRole", "iam:UntagInstanceProfile", "iam:UntagPolicy", "iam:UntagRole",
        ]
        Resource = [for kind in ["role", "instance-profile", "policy"] : "${local.account}:${kind}/${var.name}-*"]
      },
      {
        # sweep looks for the run's tag among all that is named alike; it only reads.
        Sid    = "SweepLooks"
        Effect = "Allow"
        Action = [
          "iam:ListInstanceProfileTags", "iam:ListInstanceProfiles", "iam:ListPolicies", "iam:ListPolicyTags", "iam:ListRoleTags", "iam:ListRoles",
        ]
        Resource = "*"
      },
      {
        # A role without the boundary could be made an administrator's, and taken.
        Sid       = "RolesWithinTheBoundary"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        Resource  = ["${local.account}:role/${var.name}-*"]
        Condition = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
      },
      {
        Sid       = "RolesToInstances"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = ["${local.account}:role/${var.name}-*"]
        Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
      },
      {
        Sid       = "NeitherItselfNorTheBoundary"
        Effect    = "Deny"
        NotAction = ["iam:Get*", "iam:List*"]
        Resource  = ["${local.account}:role/${var.name}-github", "${local.account}:policy/${var.name}-boundary"]
      },
      {
        Sid       = "ServiceRoles"
        Effect    = "Allow"
        Action    = ["iam:CreateServiceLinkedRole"]
        Resource  = "${local.account}:role/aws-service-role/*"
        Condition = { StringEquals = { "iam:AWSServiceName" = ["autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com"] } }
      },
      {
        Sid      = "Budgets"
        Effect   = "Allow"
        Action   = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource", "budgets:ListTagsForResource", "budgets:ViewBudget"]
        Resource = "*"
      },
    ]
  }
}

# The most that a role of a stack may: what instances and the builder use.
resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most that a role may which ${var.name}-github makes"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ec2messages:*", "kms:Decrypt", "kms:Encrypt", "s3:GetObjectVersion", "ssm:*", "ssmmessages:*"]
      Resource = "*"
    }]
  })
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_provider ? 1 : 0
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  name                 = "${var.name}-github"
  description          = "Workflows of ${var.repository} on ${var.branch}"
  max_session_duration = 7200 # a deploy, a proof and a destroy

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = "repo:${var.repository}:ref:refs/heads/${var.branch}"
      } }
    }]
  })
}

resource "aws_iam_role_policy" "github" {
  name   = "deploy-prove-destroy"
  role   = aws_iam_role.github.name
  policy = jsonencode(local.policy)
}

output "boundary_arn" {
  description = "Set it as the repository's variable AWS_PERMISSIONS_BOUNDARY: the role can make no role without."
  value       = aws_iam_policy.boundary.arn
}

output "role_arn" {
  description = "Set it as the repository's variable AWS_ROLE_ARN."
  value       = aws_iam_role.github.arn
}
