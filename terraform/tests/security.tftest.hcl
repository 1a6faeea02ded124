# What is promised of the stack's security, each as an assertion that says it.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32", "198.51.100.0/24"]
  calculator    = "versions.tf" # any file: nothing is uploaded
}

run "who_reaches_what" {
  command = apply

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.load_balancer : rule.cidr_ipv4]) == toset(["203.0.113.7/32", "198.51.100.0/24"])
    error_message = "The load balancer is not open to allowed_cidrs only."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.load_balancer : rule.from_port == 80 && rule.to_port == 80 && rule.ip_protocol == "tcp" && rule.cidr_ipv6 == null && rule.referenced_security_group_id == null])
    error_message = "The load balancer is open on more than port 80."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.instance.referenced_security_group_id == aws_security_group.load_balancer.id && aws_vpc_security_group_ingress_rule.instance.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.instance.cidr_ipv6 == null
    error_message = "Instances are open to more than the load balancer."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.instance.from_port == 8080 && aws_vpc_security_group_ingress_rule.instance.to_port == 8080 && aws_vpc_security_group_ingress_rule.instance.ip_protocol == "tcp"
    error_message = "Instances are open on more than nginx's port 8080, or not on it."
  }
  assert {
    condition     = aws_lb_target_group.this.port == 8080
    error_message = "The load balancer does not ask instances on nginx's port 8080."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.load_balancer.referenced_security_group_id == aws_security_group.instance.id && aws_vpc_security_group_egress_rule.load_balancer.from_port == 8080 && aws_vpc_security_group_egress_rule.load_balancer.to_port == 8080
    error_message = "The load balancer may call more than the instances on 8080."
  }
  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_egress_rule.https, aws_vpc_security_group_egress_rule.packages] : rule.ip_protocol == "tcp" && rule.from_port == rule.to_port && contains([80, 443], rule.from_port)])
    error_message = "Instances may call more than HTTPS (S3, KMS, Session Manager) and HTTP (packages)."
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.database) == 0
    error_message = "Instances may call a database although none is named."
  }
  assert {
    condition     = length(aws_security_group.instance.ingress) == 0 && length(aws_security_group.load_balancer.ingress) == 0
    error_message = "A security group has rules inside, beside those that are checked here."
  }
}

run "what_an_instance_is" {
  command = apply

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv2 is not required of instances, or its answers go further than the instance."
  }
  assert {
    condition     = aws_launch_template.this.monitoring[0].enabled
    error_message = "Detailed monitoring is off: a 60-s alarm would find no data in four of five periods."
  }
  assert {
    condition     = alltrue([for ebs in aws_launch_template.this.block_device_mappings[*].ebs[0] : tobool(ebs.encrypted) && ebs.kms_key_id == aws_kms_key.this.arn && ebs.volume_type == "gp3" && tobool(ebs.delete_on_termination)])
    error_message = "A volume is not gp3, not encrypted with the stack's key, or outlives its instance."
  }
  assert {
    condition     = length(aws_launch_template.this.block_device_mappings) == 1 && aws_launch_template.this.block_device_mappings[0].device_name == data.aws_ami.ubuntu.root_device_name
    error_message = "The encrypted volume is not the root volume."
  }
  assert {
    condition     = aws_launch_template.this.key_name == null
    error_message = "There is a key pair although none was asked for."
  }
  assert {
    condition     = data.aws_ami.ubuntu.owners == tolist(["099720109477"])
    error_message = "The image is not looked up by its owner, Canonical."
  }
  assert {
    condition     = data.aws_ssm_parameter.ubuntu.name == "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
    error_message = "The image is not Canonical's current one from its SSM parameter."
  }
  assert {
    condition     = aws_launch_template.this.image_id == data.aws_ami.ubuntu.id
    error_message = "Instances do not start from the image whose owner was checked."
  }
  assert {
    condition     = aws_launch_template.this.iam_instance_profile[0].arn == aws_iam_instance_profile.instance.arn && aws_iam_instance_profile.instance.role == aws_iam_role.instance.name
    error_message = "Instances do not have the instance role."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "SECONDWIND_SHA256=${filesha256("versions.tf")}\n") && strcontains(base64decode(aws_launch_template.this.user_data), "SECONDWIND_VERSION=${aws_s3_object.calculator.version_id}\n")
    error_message = "Instances do not check the SHA-256 of the one version of the calculator that was uploaded."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "CALCULATOR_KEY=aws-kms:${aws_kms_key.this.arn}\n")
    error_message = "The calculator's history is not encrypted with the stack's key."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "set_real_ip_from 172.31.0.0/16;")
    error_message = "nginx does not know where the load balancer's addresses are, so that it would limit all clients as one."
  }
}

run "what_rests_is_encrypted" {
  command = apply

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.rotation_period_in_days <= 365
    error_message = "The key is not rotated every year."
  }
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == aws_kms_key.this.arn
    error_message = "The topic is not encrypted with the stack's key."
  }
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.artifacts.rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" && rule.apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.this.arn])
    error_message = "The bucket is not encrypted with the stack's key."
  }
  assert {
    condition     = aws_s3_object.calculator.server_side_encryption == "aws:kms" && aws_s3_object.calculator.kms_key_id == aws_kms_key.this.arn
    error_message = "The calculator in the bucket is not encrypted with the stack's key."
  }
  assert {
    condition     = aws_s3_bucket_versioning.artifacts.versioning_configuration[0].status == "Enabled" && aws_s3_bucket_versioning.artifacts.bucket == aws_s3_bucket.artifacts.id
    error_message = "The bucket has no versions."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.block_public_acls && aws_s3_bucket_public_access_block.artifacts.block_public_policy && aws_s3_bucket_public_access_block.artifacts.ignore_public_acls && aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets
    error_message = "The bucket is not private."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.artifacts.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket has access control lists."
  }
  assert {
    condition     = anytrue([for s in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : try(s.Effect == "Deny" && s.Principal == "*" && s.Action == "s3:*" && s.Condition.Bool["aws:SecureTransport"] == "false" && contains(s.Resource, "${aws_s3_bucket.artifacts.arn}/*"), false)])
    error_message = "The bucket answers without TLS."
  }
  assert {
    condition     = anytrue([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : s.Effect == "Deny" && s.Condition.Bool["aws:SecureTransport"] == "false" if can(s.Condition.Bool)])
    error_message = "The topic takes messages without TLS."
  }
}

run "the_keys_policy_gives_the_least" {
  command = apply

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Effect == "Allow" && alltrue([for action in flatten([s.Action]) : action != "kms:*" && action != "*"])])
    error_message = "A statement of the key's policy gives every action."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : can(s.Condition) || s.Sid == "Administration"])
    error_message = "A statement beside the administration has no condition."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : length(setintersection(flatten([s.Action]), ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:CreateGrant"])) == 0 if s.Sid == "Administration"])
    error_message = "Whoever administers the key may use it too."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.AWS, "") == "arn:aws:iam::123456789012:root" ? s.Sid == "Administration" || can(s.Condition.StringEquals["kms:ViaService"]) : true])
    error_message = "The account may use the key other than by a service."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : contains(flatten([s.Action]), "kms:CreateGrant") ? try(s.Condition.Bool["kms:GrantIsForAWSResource"], "") == "true" && length(flatten([s.Action])) == 1 : true])
    error_message = "Grants can be made for others than AWS's own resources."
  }
  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Principal.AWS, "") == "*"]) == 2 && alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.AWS, "") == "*" ? try(s.Condition.ArnEquals["aws:PrincipalArn"] == "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling" && s.Condition.StringEquals["kms:CallerAccount"] == "123456789012", false) : true])
    error_message = "What is for Auto Scaling alone is for others too."
  }
  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Sid == "AutoScaling" && contains(s.Action, "kms:GenerateDataKey*") && contains(s.Action, "kms:Decrypt"), false)]) == 1 && length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Sid == "VolumesOfAutoScaling" && contains(s.Action, "kms:CreateGrant"), false)]) == 1
    error_message = "Auto Scaling cannot start an instance with an encrypted volume."
  }
  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Principal.Service == "cloudwatch.amazonaws.com" && toset(s.Action) == toset(["kms:Decrypt", "kms:GenerateDataKey*"]) && s.Condition.StringEquals["aws:SourceAccount"] == "123456789012", false)]) == 1
    error_message = "CloudWatch cannot publish to the encrypted topic, or for other accounts too."
  }
  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Principal.AWS == aws_iam_role.instance.arn && toset(s.Action) == toset(["kms:Decrypt", "kms:Encrypt"]) && s.Condition.StringEquals["kms:EncryptionContext:purpose"] == "calculator-history", false)]) == 1
    error_message = "Instances may do more with the key than wrap and unwrap the history's keys, or not that."
  }
  assert {
    condition     = length(jsondecode(aws_kms_key.this.policy).Statement) == 7
    error_message = "The key's policy has a statement that nothing here looks at."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : try(s.Principal.Service == "cloudwatch.amazonaws.com" && s.Action == "sns:Publish" && s.Condition.StringEquals["aws:SourceAccount"] == "123456789012" && s.Condition.ArnLike["aws:SourceArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:secondwind-*", false) if s.Effect == "Allow"])
    error_message = "The topic does not take the alarms' messages, or those of others."
  }
}

run "roles_may_what_they_use" {
  command = apply

  assert {
    condition = toset(flatten([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Action])) == toset([
      "s3:GetObjectVersion", "kms:Decrypt",
      "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ])
    error_message = "The instance role may more than it uses, or less."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Sid == "SessionManager" || !strcontains(jsonencode(s.Resource), "*")])
    error_message = "The instance role may read more than the one object and use more than the one key."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Condition.StringEquals["kms:ViaService"] if s.Sid == "DecryptCalculator"]) == "s3.us-east-1.amazonaws.com"
    error_message = "The instance role may decrypt other than what comes from the bucket."
  }
  assert {
    condition     = jsondecode(aws_iam_role.instance.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }]
    error_message = "Others than instances may take the instance role."
  }
  assert {
    condition     = alltrue([for action in flatten([for s in jsondecode(aws_iam_policy.verifier.policy).Statement : s.Action]) : can(regex("^[a-z0-9]+:(Describe|Get|List)[A-Za-z]+$", action))])
    error_message = "The verifier's policy does more than read."
  }
  assert {
    condition = length(setsubtract([
      "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes", "autoscaling:DescribeLifecycleHooks", "autoscaling:DescribePolicies",
      "autoscaling:DescribeScalingActivities", "autoscaling:DescribeScheduledActions", "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
      "cloudwatch:GetMetricData", "ec2:DescribeInstances", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
    ], flatten([for s in jsondecode(aws_iam_policy.verifier.policy).Statement : s.Action]))) == 0
    error_message = "The verifier's policy misses what a proof reads."
  }
  assert {
    condition     = length(aws_iam_role.github) == 0 && length(aws_iam_openid_connect_provider.github) == 0 && length(aws_iam_role.builder) == 0
    error_message = "There is a role that nobody asked for."
  }
}

run "the_load_balancer_is_strict" {
  command = apply

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.desync_mitigation_mode != "monitor"
    error_message = "The load balancer lets malformed requests through."
  }
  assert {
    condition     = aws_lb_target_group.this.health_check[0].matcher == "200" && aws_lb_target_group.this.health_check[0].path == "/healthz"
    error_message = "The load balancer's health check is not /healthz with 200."
  }
  assert {
    condition     = length(aws_lb.this.access_logs) == 0 && length(aws_s3_bucket.logs) == 0
    error_message = "There are access logs although none were asked for."
  }
  assert {
    condition     = length(aws_lb_listener.https) == 0 && aws_lb_listener.http.port == 80 && aws_lb_listener.http.default_action[0].type == "forward"
    error_message = "Without a certificate port 80 does not go to the instances."
  }
}
