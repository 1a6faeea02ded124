package main

import "regexp"

// protocol is that of a listener or a target group.
var protocol = oneOf("HTTP", "HTTPS", "GENEVE", "TCP", "TCP_UDP", "TLS", "UDP", "QUIC", "TCP_QUIC")

var lowerName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]*$`)

// byAttribute are the validations of the provider 6.25 that the stack can run
// into, by type and path.
var byAttribute = map[string][]rule{
	"aws_ami_from_instance.name": {longest(128)},

	"aws_autoscaling_group.health_check_type":                                   {oneOf("EC2", "ELB")},
	"aws_autoscaling_group.metrics_granularity":                                 {oneOf("1Minute")},
	"aws_autoscaling_group.name":                                                {longest(255)},
	"aws_autoscaling_group.instance_refresh.strategy":                           {oneOf("Rolling")},
	"aws_autoscaling_group.instance_refresh.preferences.min_healthy_percentage": {between(0, 100)},
	"aws_autoscaling_group.instance_refresh.preferences.max_healthy_percentage": {between(100, 200)},

	"aws_autoscaling_policy.policy_type": {oneOf("SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling")},

	"aws_autoscaling_schedule.end_time":   {isTime},
	"aws_autoscaling_schedule.start_time": {isTime},

	"aws_budgets_budget.budget_type": {oneOf("USAGE", "COST", "RI_UTILIZATION", "RI_COVERAGE",
		"SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE")},
	"aws_budgets_budget.time_unit":                        {oneOf("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY")},
	"aws_budgets_budget.notification.comparison_operator": {oneOf("GREATER_THAN", "LESS_THAN", "EQUAL_TO")},
	"aws_budgets_budget.notification.notification_type":   {oneOf("ACTUAL", "FORECASTED")},
	"aws_budgets_budget.notification.threshold_type":      {oneOf("PERCENTAGE", "ABSOLUTE_VALUE")},

	"aws_cloudwatch_dashboard.dashboard_body": {isJSON},
	"aws_cloudwatch_dashboard.dashboard_name": {matches(regexp.MustCompile(`^[0-9A-Za-z_-]{1,255}$`),
		"has characters that a dashboard's name may not have")},

	"aws_cloudwatch_metric_alarm.alarm_name":    {longest(255)},
	"aws_cloudwatch_metric_alarm.alarm_actions": {isARN},
	"aws_cloudwatch_metric_alarm.comparison_operator": {oneOf("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
		"LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")},
	"aws_cloudwatch_metric_alarm.datapoints_to_alarm": {between(1, 86400)},
	"aws_cloudwatch_metric_alarm.evaluation_periods":  {between(1, 86400)},
	"aws_cloudwatch_metric_alarm.namespace":           {longest(255), matches(regexp.MustCompile(`^[^:].*$`), "begins with a colon")},
	"aws_cloudwatch_metric_alarm.period":              {alarmPeriod},
	"aws_cloudwatch_metric_alarm.statistic":           {oneOf("SampleCount", "Average", "Sum", "Minimum", "Maximum")},
	"aws_cloudwatch_metric_alarm.treat_missing_data":  {oneOf("breaching", "notBreaching", "ignore", "missing")},

	"aws_iam_instance_profile.name": {longest(128)},

	"aws_iam_policy.name":   {longest(128)},
	"aws_iam_policy.policy": {isJSON},

	"aws_iam_role.assume_role_policy":   {isJSON},
	"aws_iam_role.description":          {longest(1000)},
	"aws_iam_role.max_session_duration": {between(3600, 43200)},
	"aws_iam_role.name": {longest(64),
		matches(regexp.MustCompile(`^[\w+=,.@-]*$`), "has characters that a role's name may not have")},

	"aws_iam_role_policy.policy": {isJSON},
	"aws_iam_role_policy.role":   {isName},

	"aws_instance.metadata_options.http_endpoint": {oneOf("enabled", "disabled")},
	"aws_instance.metadata_options.http_tokens":   {oneOf("optional", "required")},
	"aws_instance.root_block_device.volume_type":  {oneOf("standard", "gp2", "gp3", "io1", "io2", "sc1", "st1")},

	"aws_kms_alias.name": {matches(regexp.MustCompile(`^alias/[0-9A-Za-z_/-]+$`), "does not begin with alias/")},

	"aws_kms_key.deletion_window_in_days": {between(7, 30)},
	"aws_kms_key.key_usage":               {oneOf("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")},
	"aws_kms_key.policy":                  {isJSON},
	"aws_kms_key.rotation_period_in_days": {between(90, 2560)},

	"aws_launch_template.block_device_mappings.ebs.volume_type":        {oneOf("standard", "gp2", "gp3", "io1", "io2", "sc1", "st1")},
	"aws_launch_template.block_device_mappings.ebs.kms_key_id":         {isARN},
	"aws_launch_template.credit_specification.cpu_credits":             {oneOf("standard", "unlimited")},
	"aws_launch_template.metadata_options.http_endpoint":               {oneOf("enabled", "disabled")},
	"aws_launch_template.metadata_options.http_put_response_hop_limit": {between(1, 64)},
	"aws_launch_template.metadata_options.http_tokens":                 {oneOf("optional", "required")},
	"aws_launch_template.metadata_options.instance_metadata_tags":      {oneOf("enabled", "disabled")},
	"aws_launch_template.name": {matches(regexp.MustCompile(`^[0-9A-Za-z()./_-]{3,125}$`),
		"is not 3 to 125 of the characters that a launch template's name may have")},
	"aws_launch_template.tag_specifications.resource_type": {oneOf("instance", "volume", "network-interface",
		"spot-instances-request", "elastic-gpu")},

	"aws_lb.desync_mitigation_mode": {oneOf("monitor", "defensive", "strictest")},
	"aws_lb.load_balancer_type":     {oneOf("application", "gateway", "network")},
	"aws_lb.name":                   {longest(32), matches(lowerName, "has characters that a load balancer's name may not have")},

	"aws_lb_listener.default_action.redirect.status_code": {oneOf("HTTP_301", "HTTP_302")},
	"aws_lb_listener.default_action.type": {oneOf("authenticate-cognito", "authenticate-oidc", "fixed-response", "forward",
		"jwt-validation", "redirect")},
	"aws_lb_listener.port":     {between(1, 65535)},
	"aws_lb_listener.protocol": {protocol},

	"aws_lb_target_group.deregistration_delay":             {between(0, 3600)},
	"aws_lb_target_group.health_check.healthy_threshold":   {between(2, 10)},
	"aws_lb_target_group.health_check.interval":            {between(5, 300)},
	"aws_lb_target_group.health_check.path":                {longest(1024), matches(regexp.MustCompile(`^/`), "does not begin with /")},
	"aws_lb_target_group.health_check.protocol":            {oneOf("HTTP", "HTTPS", "TCP")},
	"aws_lb_target_group.health_check.timeout":             {between(2, 120)},
	"aws_lb_target_group.health_check.unhealthy_threshold": {between(2, 10)},
	"aws_lb_target_group.name": {longest(32),
		matches(lowerName, "has characters that a target group's name may not have")},
	"aws_lb_target_group.port":        {between(1, 65535)},
	"aws_lb_target_group.protocol":    {protocol},
	"aws_lb_target_group.target_type": {oneOf("instance", "ip", "lambda", "alb")},

	"aws_s3_bucket.bucket_prefix": {longest(37)},

	"aws_s3_bucket_lifecycle_configuration.rule.status": {oneOf("Enabled", "Disabled")},

	"aws_s3_bucket_ownership_controls.rule.object_ownership": {oneOf("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")},

	"aws_s3_bucket_policy.policy": {isJSON},

	"aws_s3_bucket_server_side_encryption_configuration.rule.apply_server_side_encryption_by_default.sse_algorithm": {
		oneOf("aws:kms", "AES256", "aws:kms:dsse"),
	},

	"aws_s3_bucket_versioning.versioning_configuration.status": {oneOf("Enabled", "Suspended", "Disabled")},

	"aws_s3_object.kms_key_id":             {isARN},
	"aws_s3_object.server_side_encryption": {oneOf("AES256", "aws:fsx", "aws:kms", "aws:kms:dsse")},

	"aws_security_group.description": {longest(255)},
	"aws_security_group.name":        {longest(255)},

	"aws_sns_topic_policy.policy": {isJSON},

	"aws_sns_topic_subscription.protocol": {oneOf("sqs", "sms", "lambda", "firehose", "application", "email", "email-json", "http", "https")},

	"aws_ssm_association.wait_for_success_timeout_seconds": {between(15, 172800)},

	"aws_vpc_security_group_egress_rule.from_port": {between(-1, 65535)},
	"aws_vpc_security_group_egress_rule.to_port":   {between(-1, 65535)},

	"aws_vpc_security_group_ingress_rule.from_port": {between(-1, 65535)},
	"aws_vpc_security_group_ingress_rule.to_port":   {between(-1, 65535)},
}

// A choice are arguments or blocks of which a resource has at most one, or
// exactly one.
type choice struct {
	exactly bool
	of      []string // paths
}

func atMostOne(of ...string) choice { return choice{of: of} }

func exactlyOne(of ...string) choice { return choice{exactly: true, of: of} }

// choices are those of the provider 6.25 that the stack can run into, by type.
var choices = map[string][]choice{
	"aws_autoscaling_group": {atMostOne("name", "name_prefix"),
		exactlyOne("launch_configuration", "launch_template", "mixed_instances_policy")},
	"aws_autoscaling_policy": {atMostOne("scaling_adjustment", "step_adjustment")},
	"aws_cloudwatch_metric_alarm": {atMostOne("metric_name", "metric_query"), atMostOne("statistic", "extended_statistic"),
		atMostOne("threshold", "threshold_metric_id")},
	"aws_iam_instance_profile": {atMostOne("name", "name_prefix")},
	"aws_iam_policy":           {atMostOne("name", "name_prefix")},
	"aws_iam_role":             {atMostOne("name", "name_prefix")},
	"aws_iam_role_policy":      {atMostOne("name", "name_prefix")},
	"aws_instance": {atMostOne("user_data", "user_data_base64"),
		atMostOne("associate_public_ip_address", "network_interface")},
	"aws_launch_template": {atMostOne("name", "name_prefix"), atMostOne("vpc_security_group_ids", "security_group_names"),
		atMostOne("default_version", "update_default_version"), atMostOne("iam_instance_profile.arn", "iam_instance_profile.name")},
	"aws_lb":                              {atMostOne("name", "name_prefix"), exactlyOne("subnet_mapping", "subnets")},
	"aws_lb_target_group":                 {atMostOne("name", "name_prefix")},
	"aws_s3_bucket":                       {atMostOne("bucket", "bucket_prefix")},
	"aws_s3_object":                       {atMostOne("source", "content", "content_base64"), atMostOne("etag", "kms_key_id")},
	"aws_sns_topic":                       {atMostOne("name", "name_prefix")},
	"aws_vpc_security_group_egress_rule":  {exactlyOne("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")},
	"aws_vpc_security_group_ingress_rule": {exactlyOne("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")},
}
