# One key for everything at rest: volumes, the topic, the bucket and, by envelope
# encryption, the calculator's history. Who may use it stands here whole: there is
# no statement that lets IAM policies give away more than use by a service.
resource "aws_kms_key" "this" {
  description             = "Data at rest of ${var.name}, run ${var.run_id}"
  enable_key_rotation     = true
  rotation_period_in_days = 90
  deletion_window_in_days = 7
  policy                  = jsonencode(local.key_policy)
}

resource "aws_kms_alias" "history" {
  name          = "alias/${var.name}-history"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  use_key = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  # A policy that names the service's role is refused in an account that has never
  # had a group: there the role comes with the first one. A condition is not.
  is_autoscaling = {
    ArnEquals    = { "aws:PrincipalArn" = "arn:${local.partition}:iam::${local.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling" }
    StringEquals = { "kms:CallerAccount" = local.account }
  }

  key_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Administration"
        Effect    = "Allow"
        Principal = { AWS = local.root }
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation",
          "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants",
          "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand",
          "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        # Whoever may write to the bucket, publish to the topic or start the builder,
        # by these services only.
        Sid       = "AccountByServices"
        Effect    = "Allow"
        Principal = { AWS = local.root }
        Action    = local.use_key
        Resource  = "*"
        Condition = { StringEquals = {
          "kms:CallerAccount" = local.account
          "kms:ViaService"    = [for service in ["ec2", "s3", "sns"] : "${service}.${var.region}.amazonaws.com"]
        } }
      },
      {
        Sid       = "VolumesOfTheBuilder"
        Effect    = "Allow"
        Principal = { AWS = local.root }
        Action    = ["kms:CreateGrant"]
        Resource  = "*"
        Condition = {
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
          StringEquals = { "kms:CallerAccount" = local.account, "kms:ViaService" = "ec2.${var.region}.amazonaws.com" }
        }
      },
      {
        # Without it, instances with encrypted volumes end as soon as they start.
        Sid       = "AutoScaling"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = local.use_key
        Resource  = "*"
        Condition = local.is_autoscaling
      },
      {
        Sid       = "VolumesOfAutoScaling"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["kms:CreateGrant"]
        Resource  = "*"
        Condition = merge(local.is_autoscaling, { Bool = { "kms:GrantIsForAWSResource" = "true" } })
      },
      {
        # Without it, the alarms' messages to the encrypted topic are lost without a word.
        Sid       = "AlarmsToTheTopic"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        # Envelope encryption: the key wraps and unwraps the history's keys, and no more.
        Sid       = "History"
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.instance.arn }
        Action    = ["kms:Decrypt", "kms:Encrypt"]
        Resource  = "*"
        Condition = { StringEquals = { "kms:EncryptionContext:purpose" = "calculator-history" } }
      },
    ]
  }
}
