# What the other files would pass: found by seeding faults that nothing saw.

mock_provider "aws" {
  source = "./tests/mocks"
}

# Two groups, two ids: with the mocks' one id, a rule for the wrong one would pass.
override_resource {
  target = aws_security_group.load_balancer
  values = { id = "sg-0aaaaaaaaaaaaaaaa" }
}

override_resource {
  target = aws_security_group.instance
  values = { id = "sg-0bbbbbbbbbbbbbbbb" }
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "./tests/mocks/aws.tfmock.hcl"
  ttl_hours     = 24
}

run "promises" {
  assert {
    condition     = aws_lb.this.security_groups == toset(["sg-0aaaaaaaaaaaaaaaa"]) && aws_launch_template.this.vpc_security_group_ids == toset(["sg-0bbbbbbbbbbbbbbbb"])
    error_message = "Load balancer and instances must each have their own security group."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.instance.security_group_id == "sg-0bbbbbbbbbbbbbbbb" && aws_vpc_security_group_ingress_rule.instance.referenced_security_group_id == "sg-0aaaaaaaaaaaaaaaa" && aws_vpc_security_group_egress_rule.load_balancer.security_group_id == "sg-0aaaaaaaaaaaaaaaa" && aws_vpc_security_group_egress_rule.load_balancer.referenced_security_group_id == "sg-0bbbbbbbbbbbbbbbb"
    error_message = "The rules between load balancer and instances must be the right way round."
  }

  assert {
    condition     = alltrue([for r in concat(values(aws_vpc_security_group_ingress_rule.load_balancer), [aws_vpc_security_group_ingress_rule.instance]) : r.ip_protocol == "tcp"]) && alltrue([for r in [aws_vpc_security_group_egress_rule.load_balancer, aws_vpc_security_group_egress_rule.https, aws_vpc_security_group_egress_rule.packages] : r.ip_protocol == "tcp"])
    error_message = "Every rule must be for TCP."
  }

  assert {
    condition     = !aws_lb.this.internal && aws_lb_listener.http.port == 80 && aws_lb_listener.http.protocol == "HTTP"
    error_message = "The load balancer must face the internet and listen for HTTP on port 80."
  }

  assert {
    condition     = aws_lb_target_group.this.protocol == "HTTP" && aws_lb_target_group.this.health_check[0].protocol == "HTTP" && aws_lb_target_group.this.health_check[0].port == "traffic-port"
    error_message = "Requests and health checks must go to nginx's port by HTTP."
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.cpu : a.treat_missing_data == "missing"]) && alltrue([for p in aws_autoscaling_policy.by_alarm : p.metric_aggregation_type == "Average"])
    error_message = "Missing data must not scale, and policies must take the average."
  }

  assert {
    condition     = timecmp(aws_autoscaling_schedule.expires.start_time, timeadd(timestamp(), "23h")) > 0 && timecmp(aws_autoscaling_schedule.expires.start_time, timeadd(timestamp(), "25h")) < 0
    error_message = "ttl_hours must be hours."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : s.Principal == "*" && toset(s.Resource) == toset([aws_s3_bucket.artifacts.arn, "${aws_s3_bucket.artifacts.arn}/*"])])
    error_message = "The bucket and every object in it must refuse everyone's requests without TLS."
  }

  assert {
    condition     = jsondecode(aws_iam_role.instance.assume_role_policy).Statement[0].Principal == { Service = "ec2.amazonaws.com" }
    error_message = "Nobody but EC2 may take the instance role."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : s.Action == "sns:Publish"])
    error_message = "The topic's policy must be about publishing."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.AWS, "") != "arn:aws:iam::123456789012:root" || s.Sid == "Administration" || try(s.Condition.StringEquals["kms:CallerAccount"], "") == "123456789012"])
    error_message = "Only callers of this account may use the key through services."
  }

  assert {
    condition     = aws_autoscaling_group.this.launch_template[0].version == tostring(aws_launch_template.this.latest_version) && tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].delete_on_termination) && aws_s3_bucket.artifacts.force_destroy && length(aws_autoscaling_group.this.enabled_metrics) == 5
    error_message = "A changed template must reach the group, and nothing may be left behind."
  }
}
