# What the original watched by eye, on one page.
resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = [for i, w in local.widgets : merge(w, { x = i % 2 * 12, y = floor(i / 2) * 6, width = 12, height = 6 })] })
}

locals {
  group_dimension    = ["AutoScalingGroupName", aws_autoscaling_group.this.name]
  balancer_dimension = ["LoadBalancer", aws_lb.this.arn_suffix]
  target_dimension   = ["TargetGroup", aws_lb_target_group.this.arn_suffix]

  widgets = [
    {
      type = "metric"
      properties = {
        title       = "Average CPU of the group, percent"
        region      = var.region
        stat        = "Average"
        period      = var.alarm_period
        metrics     = [concat(["AWS/EC2", "CPUUtilization"], local.group_dimension)]
        yAxis       = { left = { min = 0, max = 100 } }
        annotations = { horizontal = [{ label = "scale out", value = var.cpu_threshold }, { label = "scale in", value = var.scale_in_cpu_threshold }] }
      }
    },
    {
      type = "metric"
      properties = {
        title   = "Instances"
        region  = var.region
        stat    = "Maximum"
        period  = 60
        metrics = [for name in ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"] : concat(["AWS/AutoScaling", name], local.group_dimension)]
        yAxis   = { left = { min = 0 } }
      }
    },
    {
      type = "metric"
      properties = {
        title  = "Requests and errors a minute"
        region = var.region
        stat   = "Sum"
        period = 60
        metrics = [
          concat(["AWS/ApplicationELB", "RequestCount"], local.balancer_dimension),
          concat(["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"], local.balancer_dimension),
          concat(["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"], local.balancer_dimension),
        ]
      }
    },
    {
      type = "metric"
      properties = {
        title   = "Seconds until a target answers"
        region  = var.region
        period  = 60
        metrics = [for stat in ["p50", "p99"] : concat(["AWS/ApplicationELB", "TargetResponseTime"], local.balancer_dimension, [{ stat = stat, label = stat }])]
      }
    },
    {
      type = "metric"
      properties = {
        title   = "Targets"
        region  = var.region
        stat    = "Maximum"
        period  = 60
        metrics = [for name in ["HealthyHostCount", "UnHealthyHostCount"] : concat(["AWS/ApplicationELB", name], local.target_dimension, local.balancer_dimension)]
        yAxis   = { left = { min = 0 } }
      }
    },
    {
      type = "metric"
      properties = {
        title   = "CPU credits (burstable types)"
        region  = var.region
        stat    = "Minimum"
        period  = 300
        metrics = [for name in ["CPUCreditBalance", "CPUSurplusCreditBalance"] : concat(["AWS/EC2", name], local.group_dimension)]
        yAxis   = { left = { min = 0 } }
      }
    },
  ]
}
