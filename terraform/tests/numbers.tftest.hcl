# The numbers that the local cloud shares (scaling.auto.tfvars.json) arrive where
# they belong. Each is given another value here: one that is written into the stack
# a second time would not follow.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "versions.tf" # any file: nothing is uploaded
}

run "the_numbers_are_the_issues" {
  command = plan

  assert {
    condition     = var.cpu_threshold == 20
    error_message = "The group scales out above 20 %."
  }
  assert {
    condition     = var.min_size == 1 && var.desired_capacity == 1 && var.max_size == 2
    error_message = "The group is from 1 to 2 instances and begins with 1."
  }
  assert {
    condition     = var.alarm_period == 60 && var.evaluation_periods == 1 && var.datapoints_to_alarm == 1
    error_message = "One period of 60 s over the threshold is an alarm."
  }
  assert {
    condition     = var.scale_in_cpu_threshold < var.cpu_threshold / 2
    error_message = "The group scales in under half of the threshold: two instances share the load of one."
  }
  assert {
    condition     = var.policy == "step"
    error_message = "The policy is step scaling, as the original's."
  }
  assert {
    condition     = var.instance_type == "t2.micro"
    error_message = "The default instance type is the original's, of the free tier."
  }
}

run "every_number_arrives" {
  command = apply

  variables {
    cpu_threshold             = 41.5
    scale_in_cpu_threshold    = 7.5
    min_size                  = 2
    desired_capacity          = 3
    max_size                  = 5
    policy                    = "step"
    alarm_period              = 120
    evaluation_periods        = 4
    datapoints_to_alarm       = 3
    instance_warmup           = 77
    cooldown                  = 88
    instance_type             = "t3.micro"
    health_check_path         = "/readyz"
    health_check_interval     = 19
    health_check_timeout      = 9
    healthy_threshold         = 6
    unhealthy_threshold       = 7
    health_check_grace_period = 33
    deregistration_delay      = 44
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 2
    error_message = "min_size does not arrive at the group."
  }

  assert {
    condition     = aws_autoscaling_group.this.desired_capacity == 3
    error_message = "desired_capacity does not arrive at the group."
  }

  assert {
    condition     = aws_autoscaling_group.this.min_elb_capacity == 3
    error_message = "A deploy does not wait until desired_capacity instances are healthy."
  }

  assert {
    condition     = aws_autoscaling_group.this.max_size == 5
    error_message = "max_size does not arrive at the group."
  }

  assert {
    condition     = aws_autoscaling_group.this.default_cooldown == 88
    error_message = "cooldown does not arrive at the group."
  }

  assert {
    condition     = aws_autoscaling_group.this.default_instance_warmup == 77
    error_message = "instance_warmup does not arrive at the group."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_grace_period == 33 + 240
    error_message = "The grace period is not health_check_grace_period and the 240 s that an instance takes to install itself."
  }

  assert {
    condition     = aws_launch_template.this.instance_type == "t3.micro"
    error_message = "instance_type does not arrive at the launch template."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["out"].threshold == 41.5
    error_message = "cpu_threshold does not arrive at the alarm that scales out."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["in"].threshold == 7.5
    error_message = "scale_in_cpu_threshold does not arrive at the alarm that scales in."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.cpu : alarm.period == 120])
    error_message = "alarm_period does not arrive at both alarms."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.cpu : alarm.evaluation_periods == 4])
    error_message = "evaluation_periods does not arrive at both alarms."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.cpu : alarm.datapoints_to_alarm == 3])
    error_message = "datapoints_to_alarm does not arrive at both alarms."
  }

  assert {
    condition     = alltrue([for policy in aws_autoscaling_policy.by_alarm : policy.estimated_instance_warmup == 77])
    error_message = "instance_warmup does not arrive at both policies."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].path == "/readyz"
    error_message = "health_check_path does not arrive at the target group."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].interval == 19
    error_message = "health_check_interval does not arrive at the target group."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].timeout == 9
    error_message = "health_check_timeout does not arrive at the target group."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].healthy_threshold == 6
    error_message = "healthy_threshold does not arrive at the target group."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].unhealthy_threshold == 7
    error_message = "unhealthy_threshold does not arrive at the target group."
  }

  assert {
    condition     = aws_lb_target_group.this.deregistration_delay == "44"
    error_message = "deregistration_delay does not arrive at the target group."
  }
}

run "simple_scaling_takes_the_cooldown" {
  command = plan

  variables {
    policy   = "simple"
    cooldown = 88
  }

  assert {
    condition     = alltrue([for policy in aws_autoscaling_policy.by_alarm : policy.policy_type == "SimpleScaling" && policy.cooldown == 88])
    error_message = "policy = simple does not make two simple policies with the cooldown."
  }
  assert {
    condition     = aws_autoscaling_policy.by_alarm["out"].scaling_adjustment == 1 && aws_autoscaling_policy.by_alarm["in"].scaling_adjustment == -1
    error_message = "The policies do not add one instance and remove one."
  }
  assert {
    condition     = alltrue([for policy in aws_autoscaling_policy.by_alarm : length(policy.step_adjustment) == 0])
    error_message = "A simple policy has steps."
  }
  assert {
    condition     = length(aws_autoscaling_policy.target_tracking) == 0 && length(aws_cloudwatch_metric_alarm.cpu) == 2
    error_message = "Simple scaling does not have its two alarms, or target tracking beside it."
  }
}

run "step_scaling_steps_from_the_threshold" {
  command = plan

  assert {
    condition     = one(aws_autoscaling_policy.by_alarm["out"].step_adjustment).scaling_adjustment == 1 && one(aws_autoscaling_policy.by_alarm["out"].step_adjustment).metric_interval_lower_bound == "0" && one(aws_autoscaling_policy.by_alarm["out"].step_adjustment).metric_interval_upper_bound == null
    error_message = "Above the threshold, without an upper end, one instance is not added."
  }
  assert {
    condition     = one(aws_autoscaling_policy.by_alarm["in"].step_adjustment).scaling_adjustment == -1 && one(aws_autoscaling_policy.by_alarm["in"].step_adjustment).metric_interval_upper_bound == "0" && one(aws_autoscaling_policy.by_alarm["in"].step_adjustment).metric_interval_lower_bound == null
    error_message = "Below the lower threshold, without a lower end, one instance is not removed."
  }
  assert {
    condition     = alltrue([for policy in aws_autoscaling_policy.by_alarm : policy.policy_type == "StepScaling" && policy.adjustment_type == "ChangeInCapacity" && policy.metric_aggregation_type == "Average"])
    error_message = "policy = step does not make two step policies that change the capacity by the average."
  }
}

run "target_tracking_takes_the_threshold_as_its_target" {
  command = apply

  variables {
    policy          = "target_tracking"
    cpu_threshold   = 41.5
    instance_warmup = 77
  }

  assert {
    condition     = aws_autoscaling_policy.target_tracking[0].policy_type == "TargetTrackingScaling" && aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].target_value == 41.5
    error_message = "policy = target_tracking does not track cpu_threshold."
  }
  assert {
    condition     = aws_autoscaling_policy.target_tracking[0].target_tracking_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ASGAverageCPUUtilization"
    error_message = "Target tracking does not track the group's average CPU."
  }
  assert {
    condition     = aws_autoscaling_policy.target_tracking[0].estimated_instance_warmup == 77
    error_message = "instance_warmup does not arrive at target tracking."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.cpu) == 0 && length(aws_autoscaling_policy.by_alarm) == 0
    error_message = "Beside target tracking there are policies or alarms of our own, which would confound a proof."
  }
  assert {
    condition     = output.scale_out_alarm_name == "" && output.scale_in_alarm_name == "" && output.scale_out_policy_name == aws_autoscaling_policy.target_tracking[0].name
    error_message = "The outputs do not say that target tracking names its alarms itself."
  }
}
