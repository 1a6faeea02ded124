# Every scaling variable (scaling.auto.tfvars.json) changed at once: each must arrive.
# The file is of its own, because a group that exists keeps its desired capacity.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "./tests/mocks/aws.tfmock.hcl"
}

run "scaling_variables" {
  variables {
    cpu_threshold             = 30
    scale_in_cpu_threshold    = 11
    min_size                  = 2
    desired_capacity          = 3
    max_size                  = 4
    policy                    = "step"
    scaling_adjustment        = 2
    alarm_period              = 120
    evaluation_periods        = 3
    datapoints_to_alarm       = 2
    instance_warmup           = 77
    cooldown                  = 88
    instance_type             = "t3.micro"
    health_check_path         = "/readyz"
    health_check_codes        = "200-299"
    health_check_interval     = 12
    health_check_timeout      = 4
    healthy_threshold         = 3
    unhealthy_threshold       = 5
    health_check_grace_period = 99
    deregistration_delay      = 17
    boot_allowance            = 100
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.cpu["out"].threshold == 30 && aws_cloudwatch_metric_alarm.cpu["in"].threshold == 11
    error_message = "cpu_threshold or scale_in_cpu_threshold does not arrive."
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.cpu : a.period == 120 && a.evaluation_periods == 3 && a.datapoints_to_alarm == 2])
    error_message = "alarm_period, evaluation_periods or datapoints_to_alarm does not arrive."
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 2 && aws_autoscaling_group.this.desired_capacity == 3 && aws_autoscaling_group.this.max_size == 4 && aws_autoscaling_group.this.min_elb_capacity == 3
    error_message = "min_size, desired_capacity or max_size does not arrive."
  }

  assert {
    condition     = aws_autoscaling_group.this.default_instance_warmup == 77 && alltrue([for p in aws_autoscaling_policy.by_alarm : p.estimated_instance_warmup == 77]) && aws_autoscaling_group.this.default_cooldown == 88
    error_message = "instance_warmup or cooldown does not arrive."
  }

  assert {
    condition     = aws_launch_template.this.instance_type == "t3.micro" && aws_autoscaling_group.this.health_check_grace_period == 199
    error_message = "instance_type or health_check_grace_period does not arrive."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].path == "/readyz" && aws_lb_target_group.this.health_check[0].matcher == "200-299" && aws_lb_target_group.this.health_check[0].interval == 12 && aws_lb_target_group.this.health_check[0].timeout == 4 && aws_lb_target_group.this.health_check[0].healthy_threshold == 3 && aws_lb_target_group.this.health_check[0].unhealthy_threshold == 5
    error_message = "A number of the health check does not arrive."
  }

  assert {
    condition     = one(aws_autoscaling_policy.by_alarm["out"].step_adjustment).scaling_adjustment == 2 && one(aws_autoscaling_policy.by_alarm["in"].step_adjustment).scaling_adjustment == -1
    error_message = "scaling_adjustment does not arrive, or holds for scaling in, too."
  }

  assert {
    condition     = aws_lb_target_group.this.deregistration_delay == "17"
    error_message = "deregistration_delay does not arrive."
  }
}
