# What the variables choose.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "./tests/mocks/aws.tfmock.hcl"
}

run "own_network" {
  variables {
    network      = "own"
    network_cidr = "10.99.0.0/16"
    zones        = ["us-east-1b", "us-east-1f"]
  }

  assert {
    condition     = aws_vpc.own[0].cidr_block == "10.99.0.0/16" && join(" ", aws_subnet.own[*].availability_zone) == "us-east-1b us-east-1f" && length(data.aws_vpc.default) == 0
    error_message = "An own network must have two subnets in two zones."
  }

  assert {
    condition     = length(distinct(aws_subnet.own[*].cidr_block)) == 2 && aws_route.internet[0].destination_cidr_block == "0.0.0.0/0" && length(aws_route_table_association.own) == 2
    error_message = "The subnets must differ and have a way to the internet."
  }

  assert {
    condition     = toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(aws_subnet.own[*].id) && toset(aws_lb.this.subnets) == toset(aws_subnet.own[*].id)
    error_message = "Group and load balancer must stand in the own subnets."
  }

  assert {
    condition     = length(aws_default_security_group.own) == 1 && length(aws_default_security_group.own[0].ingress) == 0
    error_message = "The network's default security group must let nothing in."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "set_real_ip_from 10.99.0.0/16;")
    error_message = "nginx must believe X-Forwarded-For from the network's load balancer only."
  }
}

run "default_network" {
  assert {
    condition     = length(aws_vpc.own) == 0 && toset(aws_lb.this.subnets) == toset(data.aws_subnets.default[0].ids)
    error_message = "By default the default VPC must be used."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "set_real_ip_from 172.31.0.0/16;")
    error_message = "nginx must believe X-Forwarded-For from the default VPC only."
  }
}

run "baked" {
  variables {
    image = "baked"
  }

  assert {
    condition     = aws_launch_template.this.image_id == aws_ami_from_instance.baked[0].id && aws_ami_from_instance.baked[0].source_instance_id == aws_instance.builder[0].id
    error_message = "Baked instances must start from the builder's image."
  }

  assert {
    condition     = aws_instance.builder[0].metadata_options[0].http_tokens == "required" && aws_instance.builder[0].root_block_device[0].encrypted && aws_instance.builder[0].root_block_device[0].kms_key_id == aws_kms_key.this.arn
    error_message = "The builder must be as safe as the instances: IMDSv2, an encrypted volume."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_grace_period == var.health_check_grace_period + 90
    error_message = "A baked instance boots faster, so its grace must be shorter."
  }

  assert {
    condition     = aws_instance.builder[0].user_data_base64 == aws_launch_template.this.user_data
    error_message = "The builder must install what the instances run."
  }
}

run "graviton" {
  variables {
    instance_type = "t4g.micro"
  }

  override_data {
    target = data.aws_ami.ubuntu
    values = {
      id               = "ami-0aaaaaaaaaaaaaaaa"
      owner_id         = "099720109477"
      architecture     = "arm64"
      root_device_name = "/dev/sda1"
    }
  }

  assert {
    condition     = strcontains(data.aws_ssm_parameter.ubuntu.name, "/arm64/") && startswith(aws_s3_object.calculator.key, "calculator/arm64/")
    error_message = "A Graviton type must have Ubuntu and the calculator for arm64."
  }

  assert {
    condition     = aws_launch_template.this.credit_specification[0].cpu_credits == "unlimited"
    error_message = "A t4g must be unlimited: standard gives it no launch credits."
  }
}

run "wrong_architecture" {
  command = plan

  variables {
    instance_type = "t4g.micro"
  }

  expect_failures = [data.aws_ami.ubuntu] # the mock's image is of x86_64
}

run "not_canonical" {
  command = plan

  override_data {
    target = data.aws_ami.ubuntu
    values = {
      id               = "ami-0aaaaaaaaaaaaaaaa"
      owner_id         = "111122223333"
      architecture     = "x86_64"
      root_device_name = "/dev/sda1"
    }
  }

  expect_failures = [data.aws_ami.ubuntu]
}

run "one_zone" {
  command = plan

  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-0123456789abcdef0"] }
  }

  expect_failures = [data.aws_subnets.default]
}

run "no_burstable_credits" {
  variables {
    instance_type = "m7g.medium"
  }

  override_data {
    target = data.aws_ami.ubuntu
    values = {
      id               = "ami-0aaaaaaaaaaaaaaaa"
      owner_id         = "099720109477"
      architecture     = "arm64"
      root_device_name = "/dev/sda1"
    }
  }

  assert {
    condition     = length(aws_launch_template.this.credit_specification) == 0
    error_message = "A type that is not burstable has no credits to specify."
  }
}

run "tls" {
  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    server_name     = "calculator.example.com"
  }

  assert {
    condition     = aws_lb_listener.https[0].certificate_arn == var.certificate_arn && aws_lb_listener.https[0].port == 443 && strcontains(aws_lb_listener.https[0].ssl_policy, "TLS13")
    error_message = "With a certificate the load balancer must speak TLS on 443."
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
    error_message = "With a certificate port 80 must only redirect."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.load_balancer : rule.from_port]) == toset([80, 443]) && output.load_balancer_url == "https://calculator.example.com"
    error_message = "With a certificate 443 must be open, and the URL be https and the name that the certificate is for."
  }
}

run "access_logs" {
  variables {
    access_logs = true
  }

  assert {
    condition     = aws_lb.this.access_logs[0].enabled && aws_lb.this.access_logs[0].bucket == aws_s3_bucket.logs[0].id
    error_message = "Access logs must be written when asked for."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.logs[0].block_public_policy && aws_s3_bucket_public_access_block.logs[0].restrict_public_buckets && alltrue([for r in aws_s3_bucket_server_side_encryption_configuration.logs[0].rule : one(r.apply_server_side_encryption_by_default[*].sse_algorithm) == "AES256"])
    error_message = "The logs' bucket must be private, and encrypted by S3: Elastic Load Balancing writes to no other."
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_s3_bucket_policy.logs[0].policy).Statement : try(s.Principal.Service, "") == "logdelivery.elasticloadbalancing.amazonaws.com" && s.Action == "s3:PutObject"])
    error_message = "Elastic Load Balancing must be allowed to write the logs."
  }
}

run "notified" {
  variables {
    notification_email = "qa@example.com"
    budget_usd         = 25
    run_id             = "run-7"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "qa@example.com" && aws_sns_topic_subscription.email[0].protocol == "email"
    error_message = "The address must be subscribed to the topic."
  }

  assert {
    condition     = aws_budgets_budget.account[0].limit_amount == "25" && aws_budgets_budget.account[0].limit_unit == "USD" && aws_budgets_budget.account[0].time_unit == "MONTHLY" && { for n in aws_budgets_budget.account[0].notification : n.notification_type => n.threshold } == { ACTUAL = 80, FORECASTED = 100 } && alltrue([for n in aws_budgets_budget.account[0].notification : n.subscriber_email_addresses == toset(["qa@example.com"])])
    error_message = "The budget must notify at 80 %, and when the forecast exceeds it."
  }
}

run "shared_history" {
  variables {
    history_database_parameter = "/secondwind/history-url"
    history_database_cidr      = "10.0.8.0/24"
    key_name                   = "mine"
  }

  assert {
    condition     = anytrue([for s in jsondecode(aws_iam_role_policy.instance.policy).Statement : s.Sid == "HistoryDatabase" && s.Resource == "arn:aws:ssm:us-east-1:123456789012:parameter/secondwind/history-url"])
    error_message = "Instances must be allowed to read the one parameter with the history's URL."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.database[0].cidr_ipv4 == "10.0.8.0/24" && aws_vpc_security_group_egress_rule.database[0].from_port == 5432
    error_message = "Instances must reach the history's PostgreSQL."
  }

  assert {
    condition     = alltrue([for d in concat([for rule in concat(aws_vpc_security_group_egress_rule.database, [aws_vpc_security_group_egress_rule.https, aws_vpc_security_group_egress_rule.packages, aws_vpc_security_group_egress_rule.load_balancer], values(aws_vpc_security_group_ingress_rule.load_balancer), [aws_vpc_security_group_ingress_rule.instance]) : rule.description], [aws_security_group.instance.description, aws_security_group.load_balancer.description]) : can(regex("^[0-9A-Za-z ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}$", d))])
    error_message = "EC2 refuses a description of a security group or rule that holds other characters, such as an apostrophe."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.this.user_data), "SECONDWIND_HISTORY_PARAMETER=/secondwind/history-url") && aws_launch_template.this.key_name == "mine"
    error_message = "Instances must know the parameter's name, never the URL."
  }
}

run "expires" {
  variables {
    expires = "2099-01-02T03:04:05Z"
  }

  assert {
    condition     = aws_autoscaling_schedule.expires.start_time == "2099-01-02T03:04:05Z" && output.expires == "2099-01-02T03:04:05Z" && local.tags["secondwind:expires"] == "2099-01-02T03:04:05Z"
    error_message = "The given time must be the TTL."
  }
}
