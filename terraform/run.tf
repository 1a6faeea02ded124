variable "name" {
  type        = string
  default     = "secondwind"
  description = "Begins the name of everything here; two stacks in one account and region need two names."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name)) && !startswith(var.name, "internal-")
    error_message = "name is not 3 to 20 lower-case letters, digits and hyphens, beginning with a letter: a load balancer's name takes 32 characters with what is added here."
  }
}

variable "run_id" {
  type        = string
  default     = "manual"
  description = "Tag secondwind:run of everything here, which sweep and destroy look for. make deploy makes one for each run."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{2,63}$", var.run_id))
    error_message = "run_id is not 3 to 64 letters, digits and hyphens."
  }
}

variable "region" {
  type        = string
  default     = "us-east-1"
  description = "AWS region of everything here."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is not an AWS region such as us-east-1 or eu-central-1 (a zone such as us-east-1a is none)."
  }
}

variable "ttl_hours" {
  type        = number
  default     = 12
  description = "Hours until the group is scaled to zero by itself, counted from the plan that is applied; expires overrides it."

  validation {
    condition     = var.ttl_hours >= 1 && var.ttl_hours <= 168 && floor(var.ttl_hours) == var.ttl_hours
    error_message = "ttl_hours is not a whole number between 1 and 168 (a week): the group is scaled to zero then, so that a forgotten run costs little."
  }
}

variable "expires" {
  type        = string
  default     = null
  description = "When the group is scaled to zero, RFC 3339 in UTC (2026-11-26T09:00:00Z); null is ttl_hours from now."

  validation {
    condition     = var.expires == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", var.expires)) && can(timeadd(var.expires, "0s"))
    error_message = "expires is not a time such as 2026-11-26T09:00:00Z."
  }

  validation {
    condition     = var.expires == null || !can(timeadd(var.expires, "0s")) || try(timecmp(var.expires, timeadd(plantimestamp(), "10m")) > 0, false)
    error_message = "expires is past, or less than ten minutes away: AWS takes no scheduled action in the past. Give a later time."
  }
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  root      = "arn:${local.partition}:iam::${local.account}:root"
  expires   = var.expires != null ? var.expires : timeadd(plantimestamp(), "${var.ttl_hours}h")

  # default_tags reach everything but what Auto Scaling launches: the group and
  # the launch template name these themselves.
  tags = {
    Project              = "secondwind"
    "secondwind:run"     = var.run_id
    "secondwind:expires" = local.expires
  }
}
