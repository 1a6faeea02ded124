# The scaling variables, which the local cloud's stack reads too:
# scaling.auto.tfvars.json gives every one, so none has a default here.

variable "cpu_threshold" {
  type        = number
  description = "Scale out when the group's average CPU is above this, in percent."

  validation {
    condition     = var.cpu_threshold >= 1 && var.cpu_threshold <= 99
    error_message = "cpu_threshold is not between 1 and 99 percent: below 1 an idle instance scales, above 99 nothing can."
  }
}

variable "scale_in_cpu_threshold" {
  type        = number
  description = "Scale in when the group's average CPU is below this, in percent; under half of cpu_threshold."

  validation {
    condition     = var.scale_in_cpu_threshold >= 0 && var.scale_in_cpu_threshold < var.cpu_threshold / 2
    error_message = "scale_in_cpu_threshold is not between 0 and half of cpu_threshold: two instances share the load that one had, so the group would scale out and in again without end."
  }
}

variable "min_size" {
  type        = number
  description = "Instances that the group keeps at least."

  validation {
    condition     = var.min_size >= 0 && floor(var.min_size) == var.min_size
    error_message = "min_size is not a whole number from 0."
  }
}

variable "desired_capacity" {
  type        = number
  description = "Instances that the group starts with."

  validation {
    condition     = var.desired_capacity >= var.min_size && var.desired_capacity <= var.max_size && floor(var.desired_capacity) == var.desired_capacity
    error_message = "desired_capacity is not a whole number between min_size and max_size."
  }
}

variable "max_size" {
  type        = number
  description = "Instances that the group never exceeds; it bounds what a run can cost."

  validation {
    condition     = var.max_size >= var.min_size && floor(var.max_size) == var.max_size
    error_message = "max_size is less than min_size, or not a whole number: give a max_size of min_size or more."
  }

  validation {
    condition     = var.max_size >= 1 && var.max_size <= 20
    error_message = "max_size is not between 1 and 20: a proof needs two instances, and each one costs money."
  }
}

variable "policy" {
  type        = string
  description = "How the group scales: step, simple or target_tracking."

  validation {
    condition     = contains(["step", "simple", "target_tracking"], var.policy)
    error_message = "policy is not step, simple or target_tracking."
  }
}

variable "scaling_adjustment" {
  type        = number
  description = "Instances that a step or simple policy adds; it removes one at a time."

  validation {
    condition     = var.scaling_adjustment >= 1 && var.scaling_adjustment <= 20 && floor(var.scaling_adjustment) == var.scaling_adjustment
    error_message = "scaling_adjustment is not a whole number between 1 and 20."
  }
}

variable "requests_per_target" {
  type        = number
  description = "Requests a minute and instance that a target tracking policy holds; 0: it holds cpu_threshold."

  validation {
    condition     = var.requests_per_target == 0 || var.requests_per_target >= 1 && var.policy == "target_tracking"
    error_message = "requests_per_target is neither 0 nor, with the policy target_tracking, 1 or more requests a minute."
  }
}

variable "alarm_period" {
  type        = number
  description = "Seconds that a datapoint of the alarms spans. EC2 publishes CPU every 60 s with detailed monitoring."

  validation {
    condition     = var.alarm_period >= 60 && var.alarm_period % 60 == 0 && var.alarm_period * var.evaluation_periods <= 86400
    error_message = "alarm_period is not a multiple of 60 seconds, or evaluation_periods of it are more than a day."
  }
}

variable "evaluation_periods" {
  type        = number
  description = "Datapoints that the alarms look at."

  validation {
    condition     = var.evaluation_periods >= 1 && floor(var.evaluation_periods) == var.evaluation_periods
    error_message = "evaluation_periods is not a whole number from 1."
  }
}

variable "datapoints_to_alarm" {
  type        = number
  description = "Of evaluation_periods, how many must breach."

  validation {
    condition     = var.datapoints_to_alarm >= 1 && var.datapoints_to_alarm <= var.evaluation_periods && floor(var.datapoints_to_alarm) == var.datapoints_to_alarm
    error_message = "datapoints_to_alarm is not a whole number between 1 and evaluation_periods."
  }
}

variable "instance_warmup" {
  type        = number
  description = "Seconds until a new instance counts for step and target tracking policies."

  validation {
    condition     = var.instance_warmup >= 0 && var.instance_warmup <= 3600
    error_message = "instance_warmup is not between 0 and 3600 seconds."
  }
}

variable "cooldown" {
  type        = number
  description = "Seconds that simple policies wait after an activity."

  validation {
    condition     = var.cooldown >= 0 && var.cooldown <= 3600
    error_message = "cooldown is not between 0 and 3600 seconds."
  }
}

variable "instance_type" {
  type        = string
  description = "Type of the group's instances: t2.micro, t3.micro, t4g.micro or another; the architecture follows from it."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[0-9][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type)) && !startswith(var.instance_type, "mac")
    error_message = "instance_type is not an instance type that runs Linux, such as t2.micro, t3.micro or t4g.micro."
  }

  validation {
    condition     = lookup(local.baselines, var.instance_type, 0) < var.cpu_threshold
    error_message = "instance_type is burstable and its CPU baseline is not under cpu_threshold: out of credits it may be held at the baseline for ever, or above the threshold without load. Take a smaller type (t2.micro, t3.micro and t4g.micro have 10 %) or raise cpu_threshold."
  }

  validation {
    condition     = !can(regex("^t[0-9]", var.instance_type)) || contains(keys(local.baselines), var.instance_type)
    error_message = "instance_type is burstable, but its baseline is not known here: take a t2, t3, t3a or t4g size from nano to 2xlarge."
  }
}

variable "health_check_path" {
  type        = string
  description = "Path that the load balancer asks for."

  validation {
    condition     = length(var.health_check_path) <= 1024 && can(regex("^/[!-~]*$", var.health_check_path))
    error_message = "health_check_path does not begin with /, or holds spaces or more than 1024 characters."
  }
}

variable "health_check_codes" {
  type        = string
  description = "Status codes of a healthy answer, such as 200 or 200-299,301."

  validation {
    condition     = can(regex("^[2-4][0-9]{2}(-[2-4][0-9]{2})?(,[2-4][0-9]{2}(-[2-4][0-9]{2})?)*$", var.health_check_codes))
    error_message = "health_check_codes are not status codes from 200 to 499, such as 200 or 200-299,301."
  }
}

variable "health_check_interval" {
  type        = number
  description = "Seconds between two health checks of a target."

  validation {
    condition     = var.health_check_interval >= 5 && var.health_check_interval <= 300
    error_message = "health_check_interval is not between 5 and 300 seconds."
  }
}

variable "health_check_timeout" {
  type        = number
  description = "Seconds that a health check may take."

  validation {
    condition     = var.health_check_timeout >= 2 && var.health_check_timeout < var.health_check_interval
    error_message = "health_check_timeout is not between 2 seconds and health_check_interval."
  }
}

variable "healthy_threshold" {
  type        = number
  description = "Good checks in a row until an unhealthy target is healthy again."

  validation {
    condition     = var.healthy_threshold >= 2 && var.healthy_threshold <= 10
    error_message = "healthy_threshold is not between 2 and 10."
  }
}

variable "unhealthy_threshold" {
  type        = number
  description = "Bad checks in a row until a target is unhealthy."

  validation {
    condition     = var.unhealthy_threshold >= 2 && var.unhealthy_threshold <= 10
    error_message = "unhealthy_threshold is not between 2 and 10."
  }
}

variable "health_check_grace_period" {
  type        = number
  description = "Seconds that a new instance may be unhealthy without being replaced, once it has booted (boot_allowance)."

  validation {
    condition     = var.health_check_grace_period >= 0 && var.health_check_grace_period <= 7200
    error_message = "health_check_grace_period is not between 0 and 7200 seconds."
  }
}

variable "deregistration_delay" {
  type        = number
  description = "Seconds that a target drains before it is gone."

  validation {
    condition     = var.deregistration_delay >= 0 && var.deregistration_delay <= 3600
    error_message = "deregistration_delay is not between 0 and 3600 seconds."
  }
}
