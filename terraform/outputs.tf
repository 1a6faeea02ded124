output "region" {
  description = "AWS region of the stack."
  value       = var.region
}

output "run_id" {
  description = "Value of the tag secondwind:run."
  value       = var.run_id
}

output "expires" {
  description = "When the group is scaled to zero by itself, RFC 3339."
  value       = local.expires
}

output "auto_scaling_group_name" {
  description = "The Auto Scaling group."
  value       = aws_autoscaling_group.this.name
}

output "load_balancer_url" {
  description = "Where the load goes."
  value       = local.tls ? "https://${var.server_name}" : "http://${aws_lb.this.dns_name}"
}

output "target_group_arn" {
  description = "The load balancer's target group."
  value       = aws_lb_target_group.this.arn
}

output "scale_out_policy_name" {
  description = "The policy that adds instances."
  value       = local.by_alarm ? aws_autoscaling_policy.by_alarm["out"].name : aws_autoscaling_policy.target_tracking[0].name
}

output "scale_out_alarm_name" {
  description = "Empty for target tracking, which makes its alarms itself."
  value       = local.by_alarm ? aws_cloudwatch_metric_alarm.cpu["out"].alarm_name : ""
}

output "scale_in_alarm_name" {
  description = "Empty for target tracking, which makes its alarms itself."
  value       = local.by_alarm ? aws_cloudwatch_metric_alarm.cpu["in"].alarm_name : ""
}

output "kms_key_arn" {
  description = "The key of everything at rest."
  value       = aws_kms_key.this.arn
}

output "bucket" {
  description = "The bucket that holds the calculator."
  value       = aws_s3_bucket.artifacts.id
}

output "sns_topic_arn" {
  description = "Where alarms and scaling activities are published."
  value       = aws_sns_topic.this.arn
}

output "dashboard_url" {
  description = "The CloudWatch dashboard."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "verifier_policy_arn" {
  description = "Attach it to whoever proves: it only reads."
  value       = aws_iam_policy.verifier.arn
}

output "load_balancer_dns_name" {
  description = "What server_name must point to."
  value       = aws_lb.this.dns_name
}
