variable "network" {
  type        = string
  default     = "default"
  description = "default: the default VPC's subnets; own: a VPC with two public subnets, made and removed with the stack."

  validation {
    condition     = contains(["default", "own"], var.network)
    error_message = "network is not default or own."
  }
}

variable "network_cidr" {
  type        = string
  default     = "10.20.0.0/16"
  description = "Addresses of the VPC that network = \"own\" makes."

  validation {
    condition     = can(regex("^(10|172|192)\\.", var.network_cidr)) && can(cidrsubnet(var.network_cidr, 1, 1)) && try(tonumber(split("/", var.network_cidr)[1]) >= 16 && tonumber(split("/", var.network_cidr)[1]) <= 24, false)
    error_message = "network_cidr is not a private block between /16 and /24, such as 10.20.0.0/16."
  }
}

variable "zones" {
  type        = list(string)
  default     = []
  description = "Two availability zones; [] takes the region's first two. Not every zone has every instance type."

  validation {
    condition     = length(var.zones) == 0 || length(distinct(var.zones)) == 2 && alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "zones is not two different zones of the region, such as [\"us-east-1a\", \"us-east-1c\"]: a load balancer needs two."
  }
}

data "aws_availability_zones" "this" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_vpc" "default" {
  count   = var.network == "default" ? 1 : 0
  default = true
}

data "aws_subnets" "default" {
  count = var.network == "default" ? 1 : 0

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default[0].id]
  }

  filter {
    name   = "default-for-az"
    values = ["true"]
  }

  filter {
    name   = "availability-zone"
    values = local.zones
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) == 2
      error_message = "The default VPC does not have a default subnet in each of the two zones: set network = \"own\", or name two zones that have one with zones."
    }
  }
}

resource "aws_vpc" "own" {
  count                = var.network == "own" ? 1 : 0
  cidr_block           = var.network_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# Without rules: nothing can use the VPC's own group by mistake.
resource "aws_default_security_group" "own" {
  count  = var.network == "own" ? 1 : 0
  vpc_id = aws_vpc.own[0].id
}

resource "aws_internet_gateway" "own" {
  count  = var.network == "own" ? 1 : 0
  vpc_id = aws_vpc.own[0].id
  tags   = { Name = var.name }
}

# Public subnets: a NAT gateway would cost more than everything else here. The
# security groups keep the instances closed to all but the load balancer.
resource "aws_subnet" "own" {
  count                   = var.network == "own" ? 2 : 0
  vpc_id                  = aws_vpc.own[0].id
  cidr_block              = cidrsubnet(var.network_cidr, 4, count.index)
  availability_zone       = local.zones[count.index]
  map_public_ip_on_launch = true
  tags                    = { Name = "${var.name}-${local.zones[count.index]}" }
}

resource "aws_route_table" "own" {
  count  = var.network == "own" ? 1 : 0
  vpc_id = aws_vpc.own[0].id
  tags   = { Name = var.name }
}

resource "aws_route" "internet" {
  count                  = var.network == "own" ? 1 : 0
  route_table_id         = aws_route_table.own[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.own[0].id
}

resource "aws_route_table_association" "own" {
  count          = var.network == "own" ? 2 : 0
  subnet_id      = aws_subnet.own[count.index].id
  route_table_id = aws_route_table.own[0].id
}

locals {
  zones     = length(var.zones) == 2 ? var.zones : slice(sort(data.aws_availability_zones.this.names), 0, 2)
  vpc       = var.network == "own" ? one(aws_vpc.own[*].id) : one(data.aws_vpc.default[*].id)
  vpc_cidrs = var.network == "own" ? [var.network_cidr] : one(data.aws_vpc.default[*].cidr_block_associations)[*].cidr_block
  subnets   = var.network == "own" ? aws_subnet.own[*].id : one(data.aws_subnets.default[*].ids)
}
