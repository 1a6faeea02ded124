variable "image" {
  type        = string
  default     = "boot"
  description = "boot: every instance installs itself at its first boot; baked: from an AMI of one that did, which makes scale-out faster."

  validation {
    condition     = contains(["boot", "baked"], var.image)
    error_message = "image is not boot or baked."
  }
}

variable "boot_allowance" {
  type        = number
  default     = null
  description = "Seconds that an instance on AWS takes to boot and install itself, added to health_check_grace_period; null is 240, or 90 from a baked image."

  validation {
    condition     = var.boot_allowance == null || try(var.boot_allowance >= 0 && var.boot_allowance <= 1800, false)
    error_message = "boot_allowance is not between 0 and 1800 seconds: too short, and slow starters are replaced in a loop."
  }
}

variable "key_name" {
  type        = string
  default     = null
  description = "Name of a key pair of yours. None is needed: Session Manager gives a shell, and no port is open for SSH."

  validation {
    condition     = var.key_name == null || try(length(var.key_name) >= 1 && length(var.key_name) <= 255, false)
    error_message = "key_name is empty or longer than 255 characters: leave it out for none."
  }
}

variable "cpu_credits" {
  type        = string
  default     = null
  description = "standard or unlimited, of burstable types; null is AWS's own default: standard for t2, unlimited for the others."

  validation {
    condition     = var.cpu_credits == null || contains(["standard", "unlimited"], coalesce(var.cpu_credits, "none"))
    error_message = "cpu_credits is not standard or unlimited."
  }

  validation {
    condition     = var.cpu_credits == null || can(regex("^t[0-9]", var.instance_type))
    error_message = "cpu_credits is for burstable types only, and instance_type is none: leave it out."
  }

  validation {
    condition     = coalesce(var.cpu_credits, "unlimited") != "standard" || !can(regex("^t(3|3a|4g)\\.", var.instance_type))
    error_message = "cpu_credits = \"standard\" gives t3, t3a and t4g no launch credits: a new instance is held at its baseline and may never pass cpu_threshold. Take unlimited, or a t2."
  }
}

variable "volume_size" {
  type        = number
  default     = 8
  description = "GiB of an instance's volume."

  validation {
    condition     = var.volume_size >= 8 && var.volume_size <= 100
    error_message = "volume_size is not between 8 GiB, which the image takes, and 100."
  }
}

variable "history_database_parameter" {
  type        = string
  default     = ""
  description = "Name of an SSM parameter (SecureString) that holds the history's PostgreSQL URL; empty keeps history in a file of each instance. The URL itself never enters the state."

  validation {
    condition     = var.history_database_parameter == "" || can(regex("^/[A-Za-z0-9_./-]{1,1000}$", var.history_database_parameter))
    error_message = "history_database_parameter is not the name of an SSM parameter that begins with /, such as /secondwind/history-url. Do not put the URL itself here."
  }
}

variable "history_database_cidr" {
  type        = string
  default     = ""
  description = "IPv4 block of the history's PostgreSQL, which instances may then reach on port 5432."

  validation {
    condition     = var.history_database_cidr == "" || can(cidrnetmask(var.history_database_cidr)) && !endswith(var.history_database_cidr, "/0")
    error_message = "history_database_cidr is not an IPv4 block such as 10.0.8.0/24."
  }
}

variable "rate_limit" {
  type        = number
  default     = 1000
  description = "Requests per second that nginx takes from one client; a load generator is one client."

  validation {
    condition     = var.rate_limit >= 1 && var.rate_limit <= 1000000 && floor(var.rate_limit) == var.rate_limit
    error_message = "rate_limit is not a whole number of requests per second from 1 to 1,000,000."
  }
}

variable "rate_burst" {
  type        = number
  default     = 1000
  description = "Requests that nginx takes from one client at once, beyond rate_limit."

  validation {
    condition     = var.rate_burst >= 0 && var.rate_burst <= 1000000 && floor(var.rate_burst) == var.rate_burst
    error_message = "rate_burst is not a whole number of requests from 0 to 1,000,000."
  }
}

locals {
  # Percent of each vCPU that a burstable type earns. Source: EC2 User Guide,
  # "Key concepts for burstable performance instances".
  baseline_of_size = {
    t2 = { nano = 5, micro = 10, small = 20, medium = 20, large = 30, xlarge = 22.5, "2xlarge" = 17 }
    t3 = { nano = 5, micro = 10, small = 20, medium = 20, large = 30, xlarge = 40, "2xlarge" = 40 }
  }
  baselines = merge([for family in ["t2", "t3", "t3a", "t4g"] : {
    for size, percent in local.baseline_of_size[family == "t2" ? "t2" : "t3"] : "${family}.${size}" => percent
  }]...)

  burstable = can(regex("^t[0-9]", var.instance_type))
  credits   = coalesce(var.cpu_credits, startswith(var.instance_type, "t2.") ? "standard" : "unlimited")

  # Graviton types have a g after their generation: t4g, m7g, c7gn, im4gn.
  arm          = can(regex("^[a-z]+[0-9]+g", var.instance_type)) || startswith(var.instance_type, "a1.")
  architecture = local.arm ? "arm64" : "x86_64" # as EC2 says it
  goarch       = local.arm ? "arm64" : "amd64"  # as Go and Ubuntu say it

  boot_allowance = coalesce(var.boot_allowance, var.image == "baked" ? 90 : 240)

  user_data = templatefile("${path.module}/instance/user-data.yaml.tftpl", {
    here                       = "${path.module}/instance"
    region                     = var.region
    bucket                     = aws_s3_bucket.artifacts.id
    artifact_key               = aws_s3_object.calculator.key
    artifact_version           = aws_s3_object.calculator.version_id
    artifact_sha256            = local.calculator_sha256
    kms_key_arn                = aws_kms_key.this.arn
    run_id                     = var.run_id
    history_database_parameter = var.history_database_parameter
    load_balancer_cidrs        = local.vpc_cidrs
    rate_limit                 = var.rate_limit
    rate_burst                 = var.rate_burst
  })
}

resource "aws_launch_template" "this" {
  name                   = "${var.name}-lt"
  description            = "An instance of ${var.name}: nginx before the calculator"
  image_id               = local.image_id
  instance_type          = var.instance_type
  key_name               = var.key_name
  user_data              = base64encode(local.user_data)
  update_default_version = true

  vpc_security_group_ids = [aws_security_group.instance.id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.instance.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = data.aws_ami.ubuntu.root_device_name

    ebs {
      encrypted             = true
      kms_key_id            = aws_kms_key.this.arn
      volume_type           = "gp3"
      volume_size           = var.volume_size
      delete_on_termination = true
    }
  }

  dynamic "credit_specification" {
    for_each = local.burstable ? [local.credits] : []
    content {
      cpu_credits = credit_specification.value
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]
    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = var.name })
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.user_data) <= 16384
      error_message = "The rendered user data is longer than the 16 KB that EC2 takes."
    }
  }
}
