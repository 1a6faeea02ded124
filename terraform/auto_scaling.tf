resource "aws_autoscaling_group" "this" {
  name                      = "${var.name}-asg"
  min_size                  = var.min_size
  desired_capacity          = var.desired_capacity
  max_size                  = var.max_size
  vpc_zone_identifier       = local.subnets
  target_group_arns         = [aws_lb_target_group.this.arn]
  health_check_type         = "ELB"
  health_check_grace_period = var.health_check_grace_period + local.boot_allowance
  default_cooldown          = var.cooldown
  default_instance_warmup   = var.instance_warmup
  metrics_granularity       = "1Minute"
  enabled_metrics           = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances", "GroupTotalInstances"]
  min_elb_capacity          = var.desired_capacity # deploy ends when the load balancer can answer
  wait_for_capacity_timeout = "15m"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100 # a new one first: nobody waits
      max_healthy_percentage = 200
      instance_warmup        = var.instance_warmup
      auto_rollback          = true
    }
  }

  dynamic "tag" {
    for_each = merge(local.tags, { Name = var.name })
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity] # that is the policies' to change
  }

  # An instance installs itself from the bucket with its role, and only a group
  # whose target group has a listener is ever healthy.
  depends_on = [
    aws_iam_role_policy.instance,
    aws_kms_alias.history,
    aws_lb_listener.http,
    aws_lb_listener.https,
    aws_route_table_association.own,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.load_balancer,
    aws_vpc_security_group_egress_rule.packages,
    aws_vpc_security_group_ingress_rule.instance,
  ]
}

locals {
  by_alarm      = var.policy != "target_tracking"
  by_requests   = var.requests_per_target > 0
  alarm_actions = { out = var.scaling_adjustment, in = -1 } # how many instances a policy adds
  thresholds    = { out = var.cpu_threshold, in = var.scale_in_cpu_threshold }
}

resource "aws_autoscaling_policy" "by_alarm" {
  for_each                  = local.by_alarm ? local.alarm_actions : {}
  name                      = "${var.name}-scale-${each.key}"
  autoscaling_group_name    = aws_autoscaling_group.this.name
  policy_type               = var.policy == "step" ? "StepScaling" : "SimpleScaling"
  adjustment_type           = "ChangeInCapacity"
  scaling_adjustment        = var.policy == "simple" ? each.value : null
  cooldown                  = var.policy == "simple" ? var.cooldown : null
  metric_aggregation_type   = var.policy == "step" ? "Average" : null
  estimated_instance_warmup = var.policy == "step" ? var.instance_warmup : null

  dynamic "step_adjustment" {
    for_each = var.policy == "step" ? [each.value] : []
    content {
      scaling_adjustment          = step_adjustment.value
      metric_interval_lower_bound = each.key == "out" ? "0" : null
      metric_interval_upper_bound = each.key == "in" ? "0" : null
    }
  }
}

resource "aws_autoscaling_policy" "target_tracking" {
  count                     = local.by_alarm ? 0 : 1
  name                      = "${var.name}-target-tracking"
  autoscaling_group_name    = aws_autoscaling_group.this.name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = var.instance_warmup

  target_tracking_configuration {
    target_value = local.by_requests ? var.requests_per_target : var.cpu_threshold

    predefined_metric_specification {
      predefined_metric_type = local.by_requests ? "ALBRequestCountPerTarget" : "ASGAverageCPUUtilization"
      resource_label         = local.by_requests ? "${aws_lb.this.arn_suffix}/${aws_lb_target_group.this.arn_suffix}" : null
    }
  }
}

# Target tracking makes its two alarms itself.
resource "aws_cloudwatch_metric_alarm" "cpu" {
  for_each            = local.by_alarm ? local.alarm_actions : {}
  alarm_name          = "${var.name}-cpu-${each.key == "out" ? "high" : "low"}"
  alarm_description   = "The group's average CPU is ${each.key == "out" ? "above" : "below"} ${local.thresholds[each.key]} %: scale ${each.key}"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.this.name }
  statistic           = "Average"
  period              = var.alarm_period
  evaluation_periods  = var.evaluation_periods
  datapoints_to_alarm = var.datapoints_to_alarm
  comparison_operator = each.key == "out" ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = local.thresholds[each.key]
  treat_missing_data  = "missing"
  alarm_actions       = [aws_autoscaling_policy.by_alarm[each.key].arn, aws_sns_topic.this.arn]
}

# The dead man's switch: nobody has to remember a run for it to stop costing.
resource "aws_autoscaling_schedule" "expires" {
  scheduled_action_name  = "${var.name}-expires"
  autoscaling_group_name = aws_autoscaling_group.this.name
  start_time             = local.expires
  min_size               = 0
  desired_capacity       = 0
  max_size               = 0
}
