variable "allowed_cidrs" {
  type        = list(string)
  default     = []
  description = "IPv4 blocks that may reach the load balancer: yours, such as [\"203.0.113.7/32\"]."

  validation {
    condition     = length(var.allowed_cidrs) > 0
    error_message = "allowed_cidrs is empty, so nobody could reach the load balancer: name the address that the load comes from, such as [\"203.0.113.7/32\"]."
  }

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : can(cidrnetmask(cidr))])
    error_message = "allowed_cidrs holds what is no IPv4 block such as 203.0.113.7/32 (the load balancer has no IPv6 address)."
  }

  validation {
    condition     = var.public || alltrue([for cidr in var.allowed_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, true)])
    error_message = "allowed_cidrs holds 0.0.0.0/0 or a block nearly as wide: everyone could load your instances, and you would pay. Name your own address, or say that you mean it with public = true."
  }
}

variable "public" {
  type        = bool
  default     = false
  description = "Whether allowed_cidrs may open the load balancer to the whole internet."
}

locals {
  port       = 8080 # where nginx listens on an instance
  ports      = local.tls ? [80, 443] : [80]
  open_pairs = { for pair in setproduct(var.allowed_cidrs, local.ports) : "${pair[0]} ${pair[1]}" => { cidr = pair[0], port = pair[1] } }
}

resource "aws_security_group" "load_balancer" {
  name        = "${var.name}-load-balancer"
  description = "The load balancer of ${var.name}: open to allowed_cidrs only"
  vpc_id      = local.vpc
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  for_each          = local.open_pairs
  security_group_id = aws_security_group.load_balancer.id
  description       = "HTTP from allowed_cidrs"
  cidr_ipv4         = each.value.cidr
  from_port         = each.value.port
  to_port           = each.value.port
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Requests and health checks to the instances"
  referenced_security_group_id = aws_security_group.instance.id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_security_group" "instance" {
  name        = "${var.name}-instance"
  description = "The instances of ${var.name}: reached by the load balancer only"
  vpc_id      = local.vpc
}

resource "aws_vpc_security_group_ingress_rule" "instance" {
  security_group_id            = aws_security_group.instance.id
  description                  = "nginx, from the load balancer only"
  referenced_security_group_id = aws_security_group.load_balancer.id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

# What an instance calls: HTTPS for S3, KMS and Session Manager, HTTP for
# Ubuntu's packages (which are signed). Name service and time are link-local and
# pass no security group.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.instance.id
  description       = "S3, KMS and Session Manager"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "packages" {
  security_group_id = aws_security_group.instance.id
  description       = "Ubuntu packages"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 80
  to_port           = 80
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "database" {
  count             = var.history_database_cidr == "" ? 0 : 1
  security_group_id = aws_security_group.instance.id
  description       = "PostgreSQL of the history"
  cidr_ipv4         = var.history_database_cidr
  from_port         = 5432
  to_port           = 5432
  ip_protocol       = "tcp"
}
