# What can be chosen by variable, and what everything has: tags, the TTL, outputs.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "versions.tf" # any file: nothing is uploaded
  run_id        = "night-7"
  expires       = "2099-01-02T03:04:05Z"
}

run "as_it_is_deployed" {
  command = apply

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["out"].comparison_operator == "GreaterThanThreshold" && aws_cloudwatch_metric_alarm.cpu["in"].comparison_operator == "LessThanThreshold"
    error_message = "The alarms are not above the one threshold and below the other."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.cpu : alarm.namespace == "AWS/EC2" && alarm.metric_name == "CPUUtilization" && alarm.statistic == "Average" && alarm.dimensions == tomap({ AutoScalingGroupName = "secondwind-asg" })])
    error_message = "An alarm does not watch the group's average CPU."
  }
  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.cpu : alarm.alarm_actions == toset([aws_autoscaling_policy.by_alarm[name].arn, aws_sns_topic.this.arn])])
    error_message = "An alarm does not invoke its policy and tell the topic."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.cpu : alarm.actions_enabled != false && alarm.treat_missing_data == "missing"])
    error_message = "The alarms' actions are off, or missing data are taken for something."
  }
  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "ELB" && aws_autoscaling_group.this.health_check_grace_period > 0
    error_message = "The group does not replace what the load balancer finds unhealthy, or gives no grace."
  }
  assert {
    condition     = aws_autoscaling_group.this.target_group_arns == toset([aws_lb_target_group.this.arn]) && length(aws_autoscaling_group.this.vpc_zone_identifier) == 2
    error_message = "The group's instances are not in the load balancer's target group, or not in two zones."
  }
  assert {
    condition     = aws_autoscaling_group.this.launch_template[0].id == aws_launch_template.this.id && aws_autoscaling_group.this.launch_template[0].version == tostring(aws_launch_template.this.latest_version)
    error_message = "The group does not launch from the newest version of the template, so that a change would refresh nothing."
  }
  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].strategy == "Rolling" && aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 && aws_autoscaling_group.this.instance_refresh[0].preferences[0].max_healthy_percentage == 200
    error_message = "Another template does not refresh the instances, a new one first."
  }
  assert {
    condition     = length(aws_autoscaling_group.this.suspended_processes == null ? [] : aws_autoscaling_group.this.suspended_processes) == 0
    error_message = "A process of the group is suspended."
  }
  assert {
    condition     = aws_autoscaling_schedule.expires.start_time == "2099-01-02T03:04:05Z" && aws_autoscaling_schedule.expires.min_size == 0 && aws_autoscaling_schedule.expires.max_size == 0 && aws_autoscaling_schedule.expires.desired_capacity == 0 && aws_autoscaling_schedule.expires.autoscaling_group_name == aws_autoscaling_group.this.name
    error_message = "The group is not scaled to zero at the TTL."
  }
  assert {
    condition     = local.tags == { Project = "secondwind", "secondwind:run" = "night-7", "secondwind:expires" = "2099-01-02T03:04:05Z" }
    error_message = "The default tags are not the project, the run id and the TTL."
  }
  assert {
    condition     = { for tag in aws_autoscaling_group.this.tag : tag.key => tag.value if tag.propagate_at_launch } == merge(local.tags, { Name = "secondwind" })
    error_message = "The group, or what it launches, does not have the default tags."
  }
  assert {
    condition     = { for spec in aws_launch_template.this.tag_specifications : spec.resource_type => spec.tags } == { for kind in ["instance", "volume", "network-interface"] : kind => tomap(merge(local.tags, { Name = "secondwind" })) }
    error_message = "Instances, volumes or network interfaces do not have the default tags: sweep would not find them."
  }
  assert {
    condition     = aws_autoscaling_notification.this.topic_arn == aws_sns_topic.this.arn && length(aws_autoscaling_notification.this.notifications) == 4
    error_message = "Launches and terminations, and those that fail, are not told to the topic."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0 && length(aws_budgets_budget.account) == 0
    error_message = "Somebody is mailed, or there is a budget, although nobody asked."
  }
  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : length(widget.properties.metrics) > 0 && widget.properties.region == var.region]) && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 6
    error_message = "The dashboard does not have its six widgets."
  }
  assert {
    condition     = one([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.annotations.horizontal[0].value if try(widget.properties.metrics[0][1], "") == "CPUUtilization"]) == var.cpu_threshold
    error_message = "The dashboard does not show CPU against its threshold."
  }
  assert {
    condition     = output.region == "us-east-1" && output.run_id == "night-7" && output.expires == "2099-01-02T03:04:05Z"
    error_message = "The outputs do not say which run this is, where, and when it ends."
  }
  assert {
    condition     = output.auto_scaling_group_name == "secondwind-asg" && output.load_balancer_url == "http://secondwind-alb-1234567890.us-east-1.elb.amazonaws.com" && output.target_group_arn == aws_lb_target_group.this.arn
    error_message = "The outputs do not say what soak-aws loads and watches."
  }
  assert {
    condition     = output.scale_out_alarm_name == "secondwind-cpu-high" && output.scale_in_alarm_name == "secondwind-cpu-low" && output.scale_out_policy_name == "secondwind-scale-out"
    error_message = "The outputs do not name the alarms and the policy, as the local cloud's stack does."
  }
  assert {
    condition     = output.kms_key_arn == aws_kms_key.this.arn && output.bucket == aws_s3_bucket.artifacts.id && output.sns_topic_arn == aws_sns_topic.this.arn && output.verifier_policy_arn == aws_iam_policy.verifier.arn
    error_message = "The outputs do not name the key, the bucket, the topic and the verifier's policy."
  }
  assert {
    condition     = output.dashboard_url == "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/secondwind"
    error_message = "The outputs do not lead to the dashboard."
  }
}

run "a_ttl_in_hours" {
  command = plan

  variables {
    expires   = null
    ttl_hours = 5
  }

  assert {
    condition     = timecmp(aws_autoscaling_schedule.expires.start_time, timeadd(plantimestamp(), "299m")) > 0 && timecmp(aws_autoscaling_schedule.expires.start_time, timeadd(plantimestamp(), "301m")) < 0
    error_message = "The group is not scaled to zero ttl_hours after the plan."
  }
}

run "a_network_of_its_own" {
  command = apply

  variables {
    network      = "own"
    network_cidr = "10.77.0.0/16"
    zones        = ["us-east-1a", "us-east-1c"]
  }

  assert {
    condition     = aws_subnet.own[*].availability_zone == ["us-east-1a", "us-east-1c"] && aws_subnet.own[*].cidr_block == ["10.77.0.0/20", "10.77.16.0/20"]
    error_message = "network = own does not make two subnets in the two zones."
  }
  assert {
    condition     = aws_route.internet[0].gateway_id == aws_internet_gateway.own[0].id && length(aws_route_table_association.own) == 2
    error_message = "The own network has no way to the internet."
  }
  assert {
    condition     = aws_security_group.instance.vpc_id == aws_vpc.own[0].id && aws_security_group.load_balancer.vpc_id == aws_vpc.own[0].id && aws_lb_target_group.this.vpc_id == aws_vpc.own[0].id
    error_message = "Something is in another network than its own."
  }
  assert {
    condition     = length(aws_default_security_group.own) == 1 && strcontains(base64decode(aws_launch_template.this.user_data), "set_real_ip_from 10.77.0.0/16;")
    error_message = "The own network's default group is open, or nginx does not know the network."
  }
  assert {
    condition     = length(data.aws_vpc.default) == 0
    error_message = "network = own needs a default VPC."
  }
}

run "tls_by_a_certificate" {
  command = apply

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    server_name     = "calculator.example.com"
  }

  assert {
    condition     = aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].protocol == "HTTPS" && aws_lb_listener.https[0].certificate_arn == var.certificate_arn && startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13-1-2-")
    error_message = "The certificate is not served on 443 with TLS 1.2 or newer."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301" && aws_lb_listener.http.default_action[0].target_group_arn == null
    error_message = "Port 80 does not redirect to TLS."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.load_balancer : rule.from_port]) == toset([80, 443])
    error_message = "The load balancer is not open on 443, or on more than 80 and 443."
  }
  assert {
    condition     = output.load_balancer_url == "https://calculator.example.com"
    error_message = "The load does not go to the name that the certificate is for."
  }
}

run "access_logs_in_a_bucket" {
  command = apply

  variables {
    access_logs = true
  }

  assert {
    condition     = aws_lb.this.access_logs[0].enabled && aws_lb.this.access_logs[0].bucket == aws_s3_bucket.logs[0].id
    error_message = "The load balancer writes no access logs."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.logs[0].block_public_acls && aws_s3_bucket_public_access_block.logs[0].block_public_policy && aws_s3_bucket_public_access_block.logs[0].ignore_public_acls && aws_s3_bucket_public_access_block.logs[0].restrict_public_buckets
    error_message = "The access logs are not private."
  }
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.logs[0].rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"])
    error_message = "The access logs are not encrypted with S3's key, the only one that load balancers write with."
  }
  assert {
    condition     = anytrue([for s in jsondecode(aws_s3_bucket_policy.logs[0].policy).Statement : try(s.Principal.Service == "logdelivery.elasticloadbalancing.amazonaws.com" && s.Action == "s3:PutObject" && s.Condition.StringEquals["aws:SourceAccount"] == "123456789012" && endswith(s.Resource, "/AWSLogs/123456789012/*"), false)])
    error_message = "Elastic Load Balancing cannot write the access logs, or for others too."
  }
  assert {
    condition     = anytrue([for s in jsondecode(aws_s3_bucket_policy.logs[0].policy).Statement : try(s.Effect == "Deny" && s.Condition.Bool["aws:SecureTransport"] == "false", false)])
    error_message = "The access logs can be read without TLS."
  }
}

run "a_baked_image" {
  command = apply

  variables {
    image = "baked"
  }

  assert {
    condition     = aws_launch_template.this.image_id == aws_ami_from_instance.baked[0].id && aws_ami_from_instance.baked[0].source_instance_id == aws_instance.builder[0].id
    error_message = "Instances do not start from the image of the builder."
  }
  assert {
    condition     = aws_autoscaling_group.this.health_check_grace_period == var.health_check_grace_period + 90
    error_message = "From a baked image the grace period is not the shorter one."
  }
  assert {
    condition     = aws_instance.builder[0].user_data_base64 == aws_launch_template.this.user_data
    error_message = "The builder does not install itself as an instance does."
  }
  assert {
    condition     = tobool(aws_instance.builder[0].root_block_device[0].encrypted) && aws_instance.builder[0].root_block_device[0].kms_key_id == aws_kms_key.this.arn && aws_instance.builder[0].metadata_options[0].http_tokens == "required" && aws_instance.builder[0].vpc_security_group_ids == toset([aws_security_group.instance.id])
    error_message = "The builder's volume is not encrypted, it does not require IMDSv2, or it is open to others."
  }
  assert {
    condition     = aws_instance.builder[0].volume_tags == tomap(local.tags)
    error_message = "The builder's volume does not have the default tags."
  }
  assert {
    condition     = aws_ssm_association.built[0].targets[0].values == tolist([aws_instance.builder[0].id]) && strcontains(aws_ssm_association.built[0].parameters.commands, "cloud-init status --wait")
    error_message = "The image is made before the builder has finished."
  }
  assert {
    condition     = !anytrue([for s in concat(jsondecode(aws_iam_role_policy.builder[0].policy).Statement, jsondecode(aws_iam_role_policy.run_command[0].policy).Statement) : anytrue([for action in flatten([s.Action]) : strcontains(action, "*") || startswith(action, "ssm:GetParameter")])])
    error_message = "The builder may read the account's parameters, or whole services."
  }
}

run "graviton" {
  command = apply

  variables {
    instance_type = "t4g.micro"
  }

  override_data {
    target = data.aws_ami.ubuntu
    values = {
      id               = "ami-0123456789abcdef0"
      owner_id         = "099720109477"
      architecture     = "arm64"
      root_device_name = "/dev/sda1"
    }
  }

  assert {
    condition     = strcontains(data.aws_ssm_parameter.ubuntu.name, "/arm64/") && startswith(aws_s3_object.calculator.key, "calculator/arm64/")
    error_message = "A t4g does not get an image and a calculator of its architecture."
  }
  assert {
    condition     = aws_launch_template.this.credit_specification[0].cpu_credits == "unlimited"
    error_message = "A t4g, which has no launch credits, is not unlimited."
  }
}

run "an_image_of_another_owner" {
  command = plan

  override_data {
    target = data.aws_ami.ubuntu
    values = {
      id               = "ami-0123456789abcdef0"
      owner_id         = "210987654321"
      architecture     = "x86_64"
      root_device_name = "/dev/sda1"
    }
  }

  expect_failures = [data.aws_ami.ubuntu]
}

run "a_default_vpc_without_a_subnet_in_a_zone" {
  command = plan

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-0123456789abcdef0"] }
  }

  expect_failures = [data.aws_subnets.default]
}

run "who_is_told" {
  command = apply

  variables {
    notification_email = "qa@example.com"
    budget_usd         = 12
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].protocol == "email" && aws_sns_topic_subscription.email[0].endpoint == "qa@example.com" && aws_sns_topic_subscription.email[0].topic_arn == aws_sns_topic.this.arn
    error_message = "notification_email is not told."
  }
  assert {
    condition     = aws_budgets_budget.account[0].limit_amount == "12" && aws_budgets_budget.account[0].limit_unit == "USD" && aws_budgets_budget.account[0].time_unit == "MONTHLY"
    error_message = "The budget is not budget_usd a month."
  }
  assert {
    condition     = { for n in aws_budgets_budget.account[0].notification : n.notification_type => n.threshold } == { ACTUAL = 80, FORECASTED = 100 } && alltrue([for n in aws_budgets_budget.account[0].notification : n.subscriber_email_addresses == toset(["qa@example.com"])])
    error_message = "The budget does not tell at 80 % and when it is forecast."
  }
}

run "history_in_a_database" {
  command = apply

  variables {
    history_database_parameter = "/secondwind/history-url"
    history_database_cidr      = "10.0.8.0/24"
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Resource if contains(flatten([s.Action]), "ssm:GetParameter")]) == "arn:aws:ssm:us-east-1:123456789012:parameter/secondwind/history-url"
    error_message = "Instances may read more than the one parameter, or not that."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.database[0].cidr_ipv4 == "10.0.8.0/24" && aws_vpc_security_group_egress_rule.database[0].from_port == 5432 && aws_vpc_security_group_egress_rule.database[0].to_port == 5432
    error_message = "Instances may call more than PostgreSQL at history_database_cidr, or not that."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "SECONDWIND_HISTORY_PARAMETER=/secondwind/history-url\n")
    error_message = "Instances do not know where the history's URL is."
  }
}

run "a_key_pair_by_variable" {
  command = plan

  variables {
    key_name = "mine"
  }

  assert {
    condition     = aws_launch_template.this.key_name == "mine"
    error_message = "key_name does not arrive at the instances."
  }
}

run "public_when_meant" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/0"]
    public        = true
  }

  assert {
    condition     = one([for rule in aws_vpc_security_group_ingress_rule.load_balancer : rule.cidr_ipv4]) == "0.0.0.0/0"
    error_message = "public = true does not open the load balancer."
  }
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

run "within_a_boundary" {
  command = apply

  variables {
    image                = "baked"
    permissions_boundary = "arn:aws:iam::123456789012:policy/secondwind-boundary"
  }

  assert {
    condition     = aws_iam_role.instance.permissions_boundary == var.permissions_boundary && aws_iam_role.builder[0].permissions_boundary == var.permissions_boundary
    error_message = "A role is not bounded by permissions_boundary."
  }
}
