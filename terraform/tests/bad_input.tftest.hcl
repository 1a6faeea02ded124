# Every wrong variable is refused at plan, with a sentence.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "./tests/mocks/aws.tfmock.hcl"
}

run "public_when_meant" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/0"]
    public        = true
  }
}

run "threshold_zero" {
  command = plan

  variables {
    cpu_threshold          = 0
    scale_in_cpu_threshold = 0
  }

  expect_failures = [var.cpu_threshold]
}

run "threshold_hundred" {
  command = plan

  variables {
    cpu_threshold = 100
  }

  expect_failures = [var.cpu_threshold]
}

run "scale_in_too_near" {
  command = plan

  variables {
    scale_in_cpu_threshold = 10
  }

  expect_failures = [var.scale_in_cpu_threshold]
}

run "max_under_min" {
  command = plan

  variables {
    min_size         = 3
    desired_capacity = 3
  }

  expect_failures = [var.max_size]
}

run "max_too_large" {
  command = plan

  variables {
    max_size = 21
  }

  expect_failures = [var.max_size]
}

run "half_an_instance" {
  command = plan

  variables {
    min_size = 0.5
  }

  expect_failures = [var.min_size]
}

run "desired_above_max" {
  command = plan

  variables {
    desired_capacity = 3
  }

  expect_failures = [var.desired_capacity]
}

run "unknown_policy" {
  command = plan

  variables {
    policy = "predictive"
  }

  expect_failures = [var.policy]
}

run "period_of_half_a_minute" {
  command = plan

  variables {
    alarm_period = 30
  }

  expect_failures = [var.alarm_period]
}

run "no_evaluation_period" {
  command = plan

  variables {
    evaluation_periods  = 0
    datapoints_to_alarm = 0
  }

  expect_failures = [var.evaluation_periods]
}

run "more_datapoints_than_periods" {
  command = plan

  variables {
    datapoints_to_alarm = 2
  }

  expect_failures = [var.datapoints_to_alarm]
}

run "endless_warmup" {
  command = plan

  variables {
    instance_warmup = 3601
  }

  expect_failures = [var.instance_warmup]
}

run "negative_cooldown" {
  command = plan

  variables {
    cooldown = -1
  }

  expect_failures = [var.cooldown]
}

run "no_instance_type" {
  command = plan

  variables {
    instance_type = "large"
  }

  expect_failures = [var.instance_type]
}

run "baseline_above_threshold" {
  command = plan

  variables {
    instance_type = "t3.large"
  }

  expect_failures = [var.instance_type]
}

run "unknown_burstable" {
  command = plan

  variables {
    instance_type = "t9.micro"
  }

  expect_failures = [var.instance_type]
}

run "path_without_slash" {
  command = plan

  variables {
    health_check_path = "healthz"
  }

  expect_failures = [var.health_check_path]
}

run "check_too_often" {
  command = plan

  variables {
    health_check_interval = 4
  }

  expect_failures = [var.health_check_interval]
}

run "check_longer_than_interval" {
  command = plan

  variables {
    health_check_timeout = 5
  }

  expect_failures = [var.health_check_timeout]
}

run "one_good_check" {
  command = plan

  variables {
    healthy_threshold = 1
  }

  expect_failures = [var.healthy_threshold]
}

run "eleven_bad_checks" {
  command = plan

  variables {
    unhealthy_threshold = 11
  }

  expect_failures = [var.unhealthy_threshold]
}

run "grace_too_long" {
  command = plan

  variables {
    health_check_grace_period = 7201
  }

  expect_failures = [var.health_check_grace_period]
}

run "drain_too_long" {
  command = plan

  variables {
    deregistration_delay = 3601
  }

  expect_failures = [var.deregistration_delay]
}

run "open_to_everyone" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "open_to_half_of_everyone" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "open_to_nobody" {
  command = plan

  variables {
    allowed_cidrs = []
  }

  expect_failures = [var.allowed_cidrs]
}

run "no_block" {
  command = plan

  variables {
    allowed_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "block_of_ipv6" {
  command = plan

  variables {
    allowed_cidrs = ["2001:db8::/32"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "unknown_image" {
  command = plan

  variables {
    image = "frozen"
  }

  expect_failures = [var.image]
}

run "boot_too_long" {
  command = plan

  variables {
    boot_allowance = 1801
  }

  expect_failures = [var.boot_allowance]
}

run "empty_key_pair" {
  command = plan

  variables {
    key_name = ""
  }

  expect_failures = [var.key_name]
}

run "unknown_credits" {
  command = plan

  variables {
    cpu_credits = "plenty"
  }

  expect_failures = [var.cpu_credits]
}

run "credits_of_no_burstable" {
  command = plan

  variables {
    cpu_credits   = "unlimited"
    instance_type = "m5.large"
  }

  expect_failures = [var.cpu_credits]
}

run "standard_credits_of_t3" {
  command = plan

  variables {
    cpu_credits   = "standard"
    instance_type = "t3.micro"
  }

  expect_failures = [var.cpu_credits]
}

run "small_volume" {
  command = plan

  variables {
    volume_size = 7
  }

  expect_failures = [var.volume_size]
}

run "url_instead_of_parameter" {
  command = plan

  variables {
    history_database_parameter = "postgres://user:secret@db/history"
  }

  expect_failures = [var.history_database_parameter]
}

run "database_everywhere" {
  command = plan

  variables {
    history_database_cidr = "0.0.0.0/0"
  }

  expect_failures = [var.history_database_cidr]
}

run "no_requests" {
  command = plan

  variables {
    rate_limit = 0
  }

  expect_failures = [var.rate_limit]
}

run "negative_burst" {
  command = plan

  variables {
    rate_burst = -1
  }

  expect_failures = [var.rate_burst]
}

run "unknown_network" {
  command = plan

  variables {
    network = "mesh"
  }

  expect_failures = [var.network]
}

run "public_network" {
  command = plan

  variables {
    network_cidr = "8.8.0.0/16"
  }

  expect_failures = [var.network_cidr]
}

run "one_zone_named" {
  command = plan

  variables {
    zones = ["us-east-1a"]
  }

  expect_failures = [var.zones]
}

run "same_zone_twice" {
  command = plan

  variables {
    zones = ["us-east-1a", "us-east-1a"]
  }

  expect_failures = [var.zones]
}

run "zone_of_another_region" {
  command = plan

  variables {
    zones = ["us-east-1a", "eu-west-1a"]
  }

  expect_failures = [var.zones]
}

run "long_name" {
  command = plan

  variables {
    name = "secondwind-of-a-long-name"
  }

  expect_failures = [var.name]
}

run "run_of_two_letters" {
  command = plan

  variables {
    run_id = "ab"
  }

  expect_failures = [var.run_id]
}

run "zone_as_region" {
  command = plan

  variables {
    region = "us-east-1a"
  }

  expect_failures = [var.region]
}

run "ttl_of_nothing" {
  command = plan

  variables {
    ttl_hours = 0
  }

  expect_failures = [var.ttl_hours]
}

run "ttl_of_a_month" {
  command = plan

  variables {
    ttl_hours = 720
  }

  expect_failures = [var.ttl_hours]
}

run "expired" {
  command = plan

  variables {
    expires = "2020-01-01T00:00:00Z"
  }

  expect_failures = [var.expires]
}

run "no_time" {
  command = plan

  variables {
    expires = "tomorrow"
  }

  expect_failures = [var.expires]
}

run "no_certificate" {
  command = plan

  variables {
    certificate_arn = "arn:aws:s3:::bucket"
  }

  expect_failures = [var.certificate_arn]
}

run "no_address" {
  command = plan

  variables {
    notification_email = "qa at example"
  }

  expect_failures = [var.notification_email]
}

run "negative_budget" {
  command = plan

  variables {
    budget_usd         = -1
    notification_email = "qa@example.com"
  }

  expect_failures = [var.budget_usd]
}

run "budget_that_tells_nobody" {
  command = plan

  variables {
    budget_usd = 5
  }

  expect_failures = [var.budget_usd]
}

run "no_calculator" {
  command = plan

  variables {
    calculator = "./no/such/file"
  }

  expect_failures = [var.calculator]
}
