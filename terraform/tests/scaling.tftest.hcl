# What scales and by how much, and that the scaling variables are those of the local cloud.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "./tests/mocks/aws.tfmock.hcl"
}

run "by_default" {
  assert {
    condition     = aws_autoscaling_group.this.min_size == 1 && aws_autoscaling_group.this.desired_capacity == 1 && aws_autoscaling_group.this.max_size == 2
    error_message = "The group must have min 1, desired 1, max 2."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["out"].threshold == 20 && aws_cloudwatch_metric_alarm.cpu["out"].comparison_operator == "GreaterThanThreshold"
    error_message = "The alarm must go into ALARM above 20 %."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["out"].period == 60 && aws_cloudwatch_metric_alarm.cpu["out"].evaluation_periods == 1 && aws_cloudwatch_metric_alarm.cpu["out"].datapoints_to_alarm == 1
    error_message = "The alarm must look at one period of 60 s."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["in"].threshold < 10 && aws_cloudwatch_metric_alarm.cpu["in"].comparison_operator == "LessThanThreshold"
    error_message = "Scaling in must wait for less than half of the threshold: two instances share the load."
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.cpu : a.namespace == "AWS/EC2" && a.metric_name == "CPUUtilization" && a.statistic == "Average" && a.dimensions == tomap({ AutoScalingGroupName = aws_autoscaling_group.this.name })])
    error_message = "The alarms must watch the group's average AWS/EC2 CPUUtilization."
  }

  assert {
    condition     = alltrue([for way, a in aws_cloudwatch_metric_alarm.cpu : contains(a.alarm_actions, aws_autoscaling_policy.by_alarm[way].arn) && contains(a.alarm_actions, aws_sns_topic.this.arn)])
    error_message = "Each alarm must invoke its policy and notify the topic."
  }

  assert {
    condition     = aws_autoscaling_policy.by_alarm["out"].policy_type == "StepScaling" && one(aws_autoscaling_policy.by_alarm["out"].step_adjustment).scaling_adjustment == 1 && one(aws_autoscaling_policy.by_alarm["out"].step_adjustment).metric_interval_lower_bound == "0" && aws_autoscaling_policy.by_alarm["out"].adjustment_type == "ChangeInCapacity"
    error_message = "Above the threshold one instance must be added."
  }

  assert {
    condition     = one(aws_autoscaling_policy.by_alarm["in"].step_adjustment).scaling_adjustment == -1 && one(aws_autoscaling_policy.by_alarm["in"].step_adjustment).metric_interval_upper_bound == "0"
    error_message = "Below the lower threshold one instance must be removed."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "ELB" && aws_autoscaling_group.this.health_check_grace_period == var.health_check_grace_period + 240
    error_message = "The load balancer's health check must count, after the grace and the time that an instance takes to boot."
  }

  assert {
    condition     = aws_autoscaling_group.this.target_group_arns == toset([aws_lb_target_group.this.arn]) && aws_lb_listener.http.default_action[0].target_group_arn == aws_lb_target_group.this.arn
    error_message = "The group's instances must stand behind the load balancer."
  }

  assert {
    condition     = aws_lb_target_group.this.port == 8080 && aws_lb_target_group.this.health_check[0].path == "/healthz" && aws_lb_target_group.this.health_check[0].matcher == "200"
    error_message = "The health check must ask nginx's port 8080 for /healthz."
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].strategy == "Rolling" && aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100
    error_message = "A new launch template must replace instances, new ones first."
  }

  assert {
    condition     = aws_autoscaling_schedule.expires.start_time == local.expires && aws_autoscaling_schedule.expires.min_size == 0 && aws_autoscaling_schedule.expires.desired_capacity == 0 && aws_autoscaling_schedule.expires.max_size == 0
    error_message = "At the TTL the group must be scaled to zero."
  }

  assert {
    condition     = alltrue([for key in ["Project", "secondwind:run", "secondwind:expires"] : one([for t in aws_autoscaling_group.this.tag : t.value if t.key == key && t.propagate_at_launch]) == local.tags[key]])
    error_message = "Instances must carry the run's tags: sweep finds what has them."
  }

  assert {
    condition     = alltrue([for s in aws_launch_template.this.tag_specifications : s.tags["secondwind:run"] == var.run_id]) && toset(aws_launch_template.this.tag_specifications[*].resource_type) == toset(["instance", "volume", "network-interface"])
    error_message = "Volumes and network interfaces must carry the run's tags."
  }

  assert {
    condition     = aws_launch_template.this.instance_type == "t2.micro" && aws_launch_template.this.credit_specification[0].cpu_credits == "standard"
    error_message = "The default must be of the free tier's size."
  }

  assert {
    condition     = toset(aws_autoscaling_notification.this.group_names) == toset([aws_autoscaling_group.this.name]) && length(aws_autoscaling_notification.this.notifications) == 4
    error_message = "Scaling activities must be sent to the topic."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) >= 4 && strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "\"value\":20")
    error_message = "The dashboard must show CPU with the threshold."
  }

  assert {
    condition     = length(aws_budgets_budget.account) == 0 && length(aws_sns_topic_subscription.email) == 0
    error_message = "A budget and e-mail must be asked for."
  }

  assert {
    condition     = output.auto_scaling_group_name == aws_autoscaling_group.this.name && output.load_balancer_url == "http://${aws_lb.this.dns_name}" && output.scale_out_alarm_name == "secondwind-cpu-high" && output.scale_in_alarm_name == "secondwind-cpu-low" && output.scale_out_policy_name == "secondwind-scale-out" && output.target_group_arn == aws_lb_target_group.this.arn && output.kms_key_arn == aws_kms_key.this.arn && output.bucket == aws_s3_bucket.artifacts.id && output.sns_topic_arn == aws_sns_topic.this.arn && output.verifier_policy_arn == aws_iam_policy.verifier.arn && output.region == "us-east-1" && output.run_id == "manual"
    error_message = "The outputs must name what soak --stack reads."
  }
}

run "simple" {
  variables {
    policy   = "simple"
    cooldown = 45
  }

  assert {
    condition     = aws_autoscaling_policy.by_alarm["out"].policy_type == "SimpleScaling" && aws_autoscaling_policy.by_alarm["out"].scaling_adjustment == 1 && aws_autoscaling_policy.by_alarm["in"].scaling_adjustment == -1 && aws_autoscaling_policy.by_alarm["out"].cooldown == 45 && length(aws_autoscaling_policy.by_alarm["out"].step_adjustment) == 0
    error_message = "A simple policy must add one instance and then cool down."
  }
}

run "target_tracking" {
  variables {
    policy = "target_tracking"
  }

  assert {
    condition     = aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].target_value == 20 && aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ASGAverageCPUUtilization"
    error_message = "Target tracking must hold the group's average CPU at the threshold."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.cpu) == 0 && length(aws_autoscaling_policy.by_alarm) == 0 && output.scale_out_alarm_name == "" && output.scale_out_policy_name == "secondwind-target-tracking"
    error_message = "Target tracking makes its alarms itself: there must be no others."
  }
}

run "target_tracking_by_requests" {
  variables {
    policy              = "target_tracking"
    requests_per_target = 600
  }

  assert {
    condition     = aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].target_value == 600 && aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ALBRequestCountPerTarget" && aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].predefined_metric_specification[0].resource_label == "${aws_lb.this.arn_suffix}/${aws_lb_target_group.this.arn_suffix}"
    error_message = "Target tracking must hold the requests of each target of this load balancer."
  }
}
