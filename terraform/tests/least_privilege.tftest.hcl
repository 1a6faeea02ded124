# Who may do what: the key's policy and the roles, statement by statement.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "versions.tf" # any file: nothing is uploaded
}

run "key_and_roles" {
  command = apply

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Effect == "Allow" && alltrue([for action in flatten([s.Action]) : action != "kms:*" && action != "*"])])
    error_message = "A statement of the key's policy gives every action."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : length(setintersection(flatten([s.Action]), ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:CreateGrant"])) == 0 if s.Sid == "Administration"])
    error_message = "Whoever administers the key may use it too."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : contains(flatten([s.Action]), "kms:CreateGrant") ? try(s.Condition.Bool["kms:GrantIsForAWSResource"], "") == "true" && length(flatten([s.Action])) == 1 : true])
    error_message = "Grants can be made for others than AWS's own resources."
  }

  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Sid == "AutoScaling" && contains(s.Action, "kms:GenerateDataKey*") && contains(s.Action, "kms:Decrypt"), false)]) == 1 && length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Sid == "VolumesOfAutoScaling" && contains(s.Action, "kms:CreateGrant"), false)]) == 1
    error_message = "Auto Scaling cannot start an instance with an encrypted volume."
  }

  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Principal.AWS == aws_iam_role.instance.arn && toset(s.Action) == toset(["kms:Decrypt", "kms:Encrypt"]) && s.Condition.StringEquals["kms:EncryptionContext:purpose"] == "calculator-history", false)]) == 1
    error_message = "Instances may do more with the key than wrap and unwrap the history's keys, or not that."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : try(s.Principal.Service == "cloudwatch.amazonaws.com" && s.Action == "sns:Publish" && s.Condition.StringEquals["aws:SourceAccount"] == "123456789012" && s.Condition.ArnLike["aws:SourceArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:secondwind-*", false) if s.Effect == "Allow"])
    error_message = "The topic does not take the alarms' messages, or those of others."
  }

  assert {
    condition = toset(flatten([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Action])) == toset([
      "s3:GetObjectVersion", "kms:Decrypt",
      "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ])
    error_message = "The instance role may more than it uses, or less."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : try(s.Condition.StringEquals["kms:ViaService"], "") == "s3.us-east-1.amazonaws.com" if contains(flatten([s.Action]), "kms:Decrypt")])
    error_message = "The instance role may decrypt other than what comes from the bucket."
  }

  assert {
    condition     = alltrue([for action in flatten([for s in jsondecode(aws_iam_policy.verifier.policy).Statement : s.Action]) : can(regex("^[a-z0-9]+:(Describe|Get|List|Lookup)[A-Za-z]+$", action))])
    error_message = "The verifier's policy does more than read."
  }

  assert {
    condition     = length(aws_iam_role.builder) == 0
    error_message = "There is a role that nobody asked for."
  }
}

run "builder_within_a_boundary" {
  command = apply

  variables {
    image                = "baked"
    permissions_boundary = "arn:aws:iam::123456789012:policy/secondwind-boundary"
  }

  assert {
    condition     = !anytrue([for s in concat(jsondecode(aws_iam_role_policy.builder[0].policy).Statement, jsondecode(aws_iam_role_policy.run_command[0].policy).Statement) : anytrue([for action in flatten([s.Action]) : strcontains(action, "*") || startswith(action, "ssm:GetParameter")])])
    error_message = "The builder may read the account's parameters, or whole services."
  }

  assert {
    condition     = aws_iam_role.instance.permissions_boundary == var.permissions_boundary && aws_iam_role.builder[0].permissions_boundary == var.permissions_boundary
    error_message = "A role is not bounded by permissions_boundary."
  }
}
