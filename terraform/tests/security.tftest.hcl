# Every promise of docs/aws.md about security, one assertion each.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32", "198.51.100.0/24"]
  calculator    = "./tests/mocks/aws.tfmock.hcl" # any file has a checksum
}

run "network" {
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.load_balancer : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port} ${rule.security_group_id == aws_security_group.load_balancer.id}"]) == toset(["203.0.113.7/32 80-80 true", "198.51.100.0/24 80-80 true"])
    error_message = "The load balancer must be open to allowed_cidrs on port 80 only."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.instance.referenced_security_group_id == aws_security_group.load_balancer.id && aws_vpc_security_group_ingress_rule.instance.cidr_ipv4 == null
    error_message = "Instances must be reached from the load balancer's security group only."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.instance.from_port == 8080 && aws_vpc_security_group_ingress_rule.instance.to_port == 8080
    error_message = "Instances must be reached on nginx's port 8080 only: there is no SSH."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.load_balancer.referenced_security_group_id == aws_security_group.instance.id && aws_vpc_security_group_egress_rule.load_balancer.from_port == 8080
    error_message = "The load balancer must reach the instances' port 8080 and nothing else."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.https.from_port == 443 && aws_vpc_security_group_egress_rule.https.to_port == 443 && aws_vpc_security_group_egress_rule.packages.from_port == 80 && aws_vpc_security_group_egress_rule.packages.to_port == 80 && length(aws_vpc_security_group_egress_rule.database) == 0
    error_message = "Instances must reach HTTPS and Ubuntu's packages, and nothing that is not named."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.idle_timeout <= 60
    error_message = "The load balancer must drop invalid header fields, and close idle connections before nginx does (75 s)."
  }
}

run "instances" {
  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Instances must take IMDSv2 only, one hop away."
  }

  assert {
    condition     = alltrue([for d in aws_launch_template.this.block_device_mappings : tobool(d.ebs[0].encrypted) && d.ebs[0].kms_key_id == aws_kms_key.this.arn && d.ebs[0].volume_type == "gp3"]) && length(aws_launch_template.this.block_device_mappings) == 1
    error_message = "Volumes must be gp3, encrypted with the stack's key."
  }

  assert {
    condition     = aws_launch_template.this.monitoring[0].enabled
    error_message = "Detailed monitoring must be on: without it CPU comes every five minutes."
  }

  assert {
    condition     = aws_launch_template.this.key_name == null
    error_message = "No key pair must be needed: Session Manager gives a shell."
  }

  assert {
    condition     = contains(data.aws_ami.ubuntu.owners, "099720109477") && one([for f in data.aws_ami.ubuntu.filter : f.values if f.name == "image-id"]) == toset([data.aws_ssm_parameter.ubuntu.insecure_value])
    error_message = "The image must be the one of Canonical's SSM parameter, and Canonical's."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "SECONDWIND_SHA256=${local.calculator_sha256}") && length(local.calculator_sha256) == 64
    error_message = "Instances must know the calculator's SHA-256."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "SECONDWIND_VERSION=${aws_s3_object.calculator.version_id}")
    error_message = "Instances must fetch one version of the object, not whatever lies there."
  }
}

run "bucket" {
  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.block_public_acls && aws_s3_bucket_public_access_block.artifacts.block_public_policy && aws_s3_bucket_public_access_block.artifacts.ignore_public_acls && aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets
    error_message = "The bucket must be private: all four blocks of public access."
  }

  assert {
    condition     = aws_s3_bucket_versioning.artifacts.versioning_configuration[0].status == "Enabled"
    error_message = "The bucket must be versioned."
  }

  assert {
    condition     = alltrue([for r in aws_s3_bucket_server_side_encryption_configuration.artifacts.rule : one(r.apply_server_side_encryption_by_default[*].sse_algorithm) == "aws:kms" && one(r.apply_server_side_encryption_by_default[*].kms_master_key_id) == aws_kms_key.this.arn])
    error_message = "The bucket must be encrypted with the stack's key."
  }

  assert {
    condition     = aws_s3_object.calculator.server_side_encryption == "aws:kms" && aws_s3_object.calculator.kms_key_id == aws_kms_key.this.arn
    error_message = "The calculator's object must be encrypted with the stack's key."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : try(s.Effect == "Deny" && s.Action == "s3:*" && s.Condition.Bool["aws:SecureTransport"] == "false", false)])
    error_message = "The bucket must refuse requests without TLS."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.artifacts.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket must know no access control lists."
  }

  assert {
    condition     = length(aws_s3_bucket.logs) == 0 && length(aws_lb.this.access_logs) == 0
    error_message = "Access logs, which hold query strings, must be asked for."
  }
}

run "key" {
  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key must rotate."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Action != "kms:*" && !contains(flatten([s.Action]), "kms:*")])
    error_message = "No statement of the key's policy may allow everything."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.AWS, "") != "*" || try(s.Condition.StringEquals["kms:CallerAccount"] == "123456789012" && endswith(s.Condition.ArnEquals["aws:PrincipalArn"], "/AWSServiceRoleForAutoScaling"), false)])
    error_message = "A statement of the key's policy for everyone must be narrowed to Auto Scaling's role of this account."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : !contains(flatten([s.Action]), "kms:Decrypt") || try(s.Principal.AWS, "") != "arn:aws:iam::123456789012:root" || try(length(s.Condition.StringEquals["kms:ViaService"]) == 3, false)])
    error_message = "The account's own principals may use the key through EC2, S3 and SNS only."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.Service == "cloudwatch.amazonaws.com" && contains(s.Action, "kms:Decrypt") && contains(s.Action, "kms:GenerateDataKey*") && s.Condition.StringEquals["aws:SourceAccount"] == "123456789012", false)])
    error_message = "CloudWatch must be allowed to use the key, or alarms to the encrypted topic are lost."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Sid == "VolumesOfAutoScaling" && s.Condition.Bool["kms:GrantIsForAWSResource"] == "true" && contains(s.Action, "kms:CreateGrant"), false)])
    error_message = "Auto Scaling must be allowed to grant the key to volumes, or instances end as soon as they start."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Sid == "History" && s.Principal.AWS == aws_iam_role.instance.arn, false)])
    error_message = "The instances must be allowed to use the key for the history."
  }

  assert {
    condition     = aws_kms_alias.history.name == "alias/secondwind-history" && aws_kms_alias.history.target_key_id == aws_kms_key.this.key_id
    error_message = "The key must have the alias that the history looks for."
  }
}

run "topic" {
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == aws_kms_key.this.arn
    error_message = "The topic must be encrypted with the stack's key."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : try(s.Principal.Service == "cloudwatch.amazonaws.com" && s.Condition.StringEquals["aws:SourceAccount"] == "123456789012", false)])
    error_message = "CloudWatch of this account alone must be allowed to publish."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : try(s.Effect == "Deny" && s.Condition.Bool["aws:SecureTransport"] == "false", false)])
    error_message = "The topic must refuse messages without TLS."
  }
}

run "roles" {
  assert {
    condition     = toset(flatten([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Action])) == toset(["s3:GetObjectVersion", "kms:Decrypt", "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"])
    error_message = "The instance role must have exactly what an instance uses."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Sid != "Calculator" || s.Resource == "${aws_s3_bucket.artifacts.arn}/${aws_s3_object.calculator.key}"])
    error_message = "The instance role must read the calculator's object only."
  }

  assert {
    condition     = jsondecode(aws_iam_role.instance.assume_role_policy).Statement[0].Principal.Service == "ec2.amazonaws.com" && length(jsondecode(aws_iam_role.instance.assume_role_policy).Statement) == 1
    error_message = "The instance role must be for EC2 only."
  }

  assert {
    condition     = alltrue([for action in flatten([for s in jsondecode(aws_iam_policy.verifier.policy).Statement : s.Action]) : can(regex("^[a-z0-9]+:(Describe|Get|List|Lookup)[A-Za-z]+$", action))])
    error_message = "The verifier's policy must only read."
  }
}
