variable "notification_email" {
  type        = string
  default     = ""
  description = "Address that alarms and scaling activities are mailed to; AWS asks it to confirm first. Empty for none."

  validation {
    condition     = var.notification_email == "" || can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.notification_email))
    error_message = "notification_email is no e-mail address."
  }
}

variable "budget_usd" {
  type        = number
  default     = 0
  description = "Monthly budget of the whole account in US dollars: notification_email is notified at 80 % of it and when the forecast exceeds it. 0 for no budget."

  validation {
    condition     = var.budget_usd >= 0
    error_message = "budget_usd is negative: give US dollars a month, or 0 for no budget."
  }

  validation {
    condition     = var.budget_usd == 0 || var.notification_email != ""
    error_message = "budget_usd needs notification_email: a budget that notifies nobody protects nobody."
  }
}

resource "aws_sns_topic" "this" {
  name              = "${var.name}-notifications"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = {
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${var.region}:${local.account}:alarm:${var.name}-*" }
          StringEquals = { "aws:SourceAccount" = local.account }
        }
      },
      {
        Sid       = "OnlyTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.notification_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.notification_email
}

resource "aws_autoscaling_notification" "this" {
  group_names = [aws_autoscaling_group.this.name]
  topic_arn   = aws_sns_topic.this.arn
  notifications = [
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
  ]

  depends_on = [aws_sns_topic_policy.this]
}

# Of the whole account: a budget by the run's tag sees nothing unless the tag was
# made a cost allocation tag a day before.
resource "aws_budgets_budget" "account" {
  count        = var.budget_usd > 0 ? 1 : 0
  name         = "${var.name}-${var.run_id}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }
    content {
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = [var.notification_email]
    }
  }
}
