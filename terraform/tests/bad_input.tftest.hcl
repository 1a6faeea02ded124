# Bad input is refused at plan with a sentence, by the validation of its variable.
# Many are refused in one run, for none of them needs another. What each is
# refused with stands above it, and TestBadInputIsRefusedWithASentence reads it.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  allowed_cidrs = ["203.0.113.7/32"]
  calculator    = "versions.tf" # any file: nothing is uploaded
}

run "each_variable_alone" {
  command = plan

  variables {
    # a threshold below 1
    # refused: cpu_threshold is not between 1 and 99 percent
    cpu_threshold          = 0.5
    scale_in_cpu_threshold = 0.1

    # a max size under min size
    # refused: max_size is less than min_size
    max_size         = 2
    min_size         = 3
    desired_capacity = 3

    # a policy that there is not
    # refused: policy is not step
    policy = "stepwise"

    # no instance to add
    # refused: scaling_adjustment is not a whole number between 1 and 20
    scaling_adjustment = 0

    # codes that no health check takes
    # refused: health_check_codes are not status codes
    health_check_codes = "600"

    # a period that ec2 does not publish
    # refused: alarm_period is not a multiple of 60 seconds
    alarm_period = 30

    # more datapoints than periods
    # refused: datapoints_to_alarm is not a whole number between 1 and evaluation_periods
    datapoints_to_alarm = 2

    # a warm up of more than an hour
    # refused: instance_warmup is not between 0 and 3600 seconds
    instance_warmup = 3601

    # a negative cooldown
    # refused: cooldown is not between 0 and 3600 seconds
    cooldown = -1

    # a health check path that is none
    # refused: health_check_path does not begin with /, or holds spaces or more than 1024 characters
    health_check_path = "healthz"

    # a health check interval under 5
    # refused: health_check_interval is not between 5 and 300 seconds
    health_check_interval = 4

    # a healthy threshold of 1
    # refused: healthy_threshold is not between 2 and 10
    healthy_threshold = 1

    # an unhealthy threshold of 11
    # refused: unhealthy_threshold is not between 2 and 10
    unhealthy_threshold = 11

    # a grace period of more than two hours
    # refused: health_check_grace_period is not between 0 and 7200 seconds
    health_check_grace_period = 7201

    # a deregistration delay of more than an hour
    # refused: deregistration_delay is not between 0 and 3600 seconds
    deregistration_delay = 3601

    # a load balancer for nobody
    # refused: allowed_cidrs is empty
    allowed_cidrs = []

    # a name with capitals
    # refused: name is not 3 to 20 lower-case letters
    name = "Secondwind"

    # a run id with spaces
    # refused: run_id is not 3 to 64 letters
    run_id = "run 7"

    # a zone for a region
    # refused: region is not an AWS region such as us-east-1 or eu-central-1
    region = "us-east-1a"

    # a ttl of no hours
    # refused: ttl_hours is not a whole number between 1 and 168
    ttl_hours = 0

    # a ttl that is no time
    # refused: expires is not a time such as 2026-11-26T09:00:00Z
    expires = "tomorrow"

    # an image that is neither
    # refused: image is not boot or baked
    image = "frozen"

    # a boot that takes more than half an hour
    # refused: boot_allowance is not between 0 and 1800 seconds
    boot_allowance = 1801

    # a key pair without a name
    # refused: key_name is empty or longer than 255 characters
    key_name = ""

    # a volume smaller than the image
    # refused: volume_size is not between 8 GiB, which the image takes
    volume_size = 7

    # a database url where a parameters name belongs
    # refused: history_database_parameter is not the name of an SSM parameter that begins with /, such as /secondwind/history-url
    history_database_parameter = "postgres://u:p@db/history"

    # a database anywhere
    # refused: history_database_cidr is not an IPv4 block such as 10.0.8.0/24
    history_database_cidr = "0.0.0.0/0"

    # no request a second
    # refused: rate_limit is not a whole number of requests per second from 1 to 1,000,000
    rate_limit = 0

    # a negative burst
    # refused: rate_burst is not a whole number of requests from 0 to 1,000,000
    rate_burst = -1

    # a network that there is not
    # refused: network is not default or own
    network = "mine"

    # a public block for a network
    # refused: network_cidr is not a private block between /16 and /24, such as 10.20.0.0/16
    network_cidr = "8.8.0.0/16"

    # an e mail address that is none
    # refused: notification_email is no e-mail address
    notification_email = "qa at example.com"

    # a boundary that is no policy
    # refused: permissions_boundary is not the ARN of an IAM policy
    permissions_boundary = "secondwind-boundary"
  }

  expect_failures = [
    var.scaling_adjustment,
    var.health_check_codes,
    var.cpu_threshold,
    var.max_size,
    var.policy,
    var.alarm_period,
    var.datapoints_to_alarm,
    var.instance_warmup,
    var.cooldown,
    var.health_check_path,
    var.health_check_interval,
    var.healthy_threshold,
    var.unhealthy_threshold,
    var.health_check_grace_period,
    var.deregistration_delay,
    var.allowed_cidrs,
    var.name,
    var.run_id,
    var.region,
    var.ttl_hours,
    var.expires,
    var.image,
    var.boot_allowance,
    var.key_name,
    var.volume_size,
    var.history_database_parameter,
    var.history_database_cidr,
    var.rate_limit,
    var.rate_burst,
    var.network,
    var.network_cidr,
    var.notification_email,
    var.permissions_boundary,
  ]
}

run "another_way" {
  command = plan

  variables {
    # a threshold above 99
    # refused: cpu_threshold is not between 1 and 99 percent
    cpu_threshold = 99.5

    # a max size of none
    # refused: max_size is not between 1 and 20: a proof needs two instances
    max_size         = 0
    min_size         = 0
    desired_capacity = 0

    # a period that is no multiple of 60
    # refused: alarm_period is not a multiple of 60 seconds
    alarm_period = 90

    # no datapoints
    # refused: datapoints_to_alarm is not a whole number between 1 and evaluation_periods
    datapoints_to_alarm = 0

    # a health check that takes longer than its interval
    # refused: health_check_timeout is not between 2 seconds and health_check_interval
    health_check_timeout = 5

    # the whole internet without public
    # refused: allowed_cidrs holds 0.0.0.0/0 or a block nearly as wide
    allowed_cidrs = ["0.0.0.0/0"]

    # a name too long for a load balancer
    # refused: name is not 3 to 20 lower-case letters
    name = "secondwind-of-a-long-name"

    # a ttl of more than a week
    # refused: ttl_hours is not a whole number between 1 and 168
    ttl_hours = 169

    # a ttl that is past
    # refused: expires is past
    expires = "2020-01-01T00:00:00Z"

    # a network too small for two subnets
    # refused: network_cidr is not a private block between /16 and /24, such as 10.20.0.0/16
    network_cidr = "10.0.0.0/28"

    # one zone
    # refused: zones is not two different zones of the region
    zones = ["us-east-1a"]

    # a certificate of another region
    # refused: certificate_arn is not the ARN of an ACM certificate of this region
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    server_name     = "calculator.example.com"

    # a negative budget
    # refused: budget_usd is negative
    budget_usd         = -1
    notification_email = "qa@example.com"
  }

  expect_failures = [
    var.cpu_threshold,
    var.max_size,
    var.alarm_period,
    var.datapoints_to_alarm,
    var.health_check_timeout,
    var.allowed_cidrs,
    var.name,
    var.ttl_hours,
    var.expires,
    var.network_cidr,
    var.zones,
    var.certificate_arn,
    var.budget_usd,
  ]
}

run "a_third_way" {
  command = plan

  variables {
    # a scale in threshold that is not under half
    # refused: scale_in_cpu_threshold is not between 0 and half of cpu_threshold
    scale_in_cpu_threshold = 10

    # a max size that costs a fortune
    # refused: max_size is not between 1 and 20: a proof needs two instances
    max_size = 21

    # more than a day of periods
    # refused: alarm_period is not a multiple of 60 seconds
    alarm_period       = 3600
    evaluation_periods = 25

    # an instance type that is none
    # refused: instance_type is not an instance type that runs Linux
    instance_type = "micro"

    # half the internet without public
    # refused: allowed_cidrs holds 0.0.0.0/0 or a block nearly as wide
    allowed_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]

    # zones of another region
    # refused: zones is not two different zones of the region
    zones = ["eu-west-1a", "eu-west-1b"]

    # a certificate without a name
    # refused: certificate_arn needs server_name
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"

    # a budget that notifies nobody
    # refused: budget_usd needs notification_email
    budget_usd = 10
  }

  expect_failures = [
    var.scale_in_cpu_threshold,
    var.max_size,
    var.alarm_period,
    var.instance_type,
    var.allowed_cidrs,
    var.zones,
    var.certificate_arn,
    var.budget_usd,
  ]
}

run "a_fourth_way" {
  command = plan

  variables {
    # a negative scale in threshold
    # refused: scale_in_cpu_threshold is not between 0 and half of cpu_threshold
    scale_in_cpu_threshold = -1

    # half an instance
    # refused: min_size is not a whole number from 0
    min_size = 0.5

    # no evaluation periods
    # refused: evaluation_periods is not a whole number from 1
    evaluation_periods  = 0
    datapoints_to_alarm = 1

    # a burstable type whose baseline is the threshold
    # refused: instance_type is burstable and its CPU baseline is not under cpu_threshold
    instance_type = "t3.medium"

    # an address that is no block
    # refused: allowed_cidrs holds what is no IPv4 block such as 203.0.113.7/32
    allowed_cidrs = ["203.0.113.7"]

    # a name without a certificate
    # refused: server_name is for certificate_arn only
    server_name = "calculator.example.com"
  }

  expect_failures = [
    var.scale_in_cpu_threshold,
    var.min_size,
    var.evaluation_periods,
    var.instance_type,
    var.allowed_cidrs,
    var.certificate_arn,
  ]
}

run "a_fifth_way" {
  command = plan

  variables {
    # fewer than no instances
    # refused: min_size is not a whole number from 0
    min_size = -1

    # a burstable type whose baseline is above the threshold
    # refused: instance_type is burstable and its CPU baseline is not under cpu_threshold
    instance_type = "t2.large"

    # an ipv6 block
    # refused: allowed_cidrs holds what is no IPv4 block such as 203.0.113.7/32
    allowed_cidrs = ["2001:db8::/32"]

    # a server name that is a url
    # refused: server_name is not a DNS name such as calculator.example.com
    server_name     = "https://calculator.example.com/"
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  }

  expect_failures = [
    var.min_size,
    var.instance_type,
    var.allowed_cidrs,
    var.server_name,
  ]
}

run "a_sixth_way" {
  command = plan

  variables {
    # a desired capacity over max size
    # refused: desired_capacity is not a whole number between min_size and max_size
    desired_capacity = 3

    # a threshold under the baseline of the type
    # refused: instance_type is burstable and its CPU baseline is not under cpu_threshold
    cpu_threshold          = 9
    scale_in_cpu_threshold = 1
  }

  expect_failures = [
    var.desired_capacity,
    var.instance_type,
  ]
}

run "a_seventh_way" {
  command = plan

  variables {
    # a desired capacity under min size
    # refused: desired_capacity is not a whole number between min_size and max_size
    desired_capacity = 0

    # a burstable type that is not known
    # refused: instance_type is burstable
    instance_type = "t5.micro"
  }

  expect_failures = [
    var.desired_capacity,
    var.instance_type,
  ]
}

run "an_eighth_way" {
  command = plan

  variables {
    # credits that there are not
    # refused: cpu_credits is not standard or unlimited
    cpu_credits = "many"

    # a calculator that is not there
    # refused: calculator is no file
    calculator = "not/built"
  }

  expect_failures = [
    var.cpu_credits,
    var.calculator,
  ]
}

run "a_ninth_way" {
  command = plan

  variables {
    # credits for a type that is not burstable
    # refused: cpu_credits is for burstable types only
    cpu_credits   = "standard"
    instance_type = "m7i.large"
  }

  expect_failures = [
    var.cpu_credits,
  ]
}

run "a_tenth_way" {
  command = plan

  variables {
    # requests per target, which only target tracking holds
    # refused: requests_per_target is neither 0 nor, with the policy target_tracking
    requests_per_target = 100

    # credits without launch credits
    # refused: cpu_credits = "standard" gives t3, t3a and t4g no launch credits
    cpu_credits   = "standard"
    instance_type = "t3.micro"
  }

  expect_failures = [
    var.requests_per_target,
    var.cpu_credits,
  ]
}
