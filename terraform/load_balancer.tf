variable "certificate_arn" {
  type        = string
  default     = ""
  description = "ARN of an ACM certificate in the region; then the load balancer speaks TLS on 443, and 80 redirects there."

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:aws[a-z-]*:acm:${var.region}:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.certificate_arn))
    error_message = "certificate_arn is not the ARN of an ACM certificate of this region, such as arn:aws:acm:us-east-1:123456789012:certificate/…"
  }

  validation {
    condition     = var.certificate_arn == "" || var.server_name != ""
    error_message = "certificate_arn needs server_name, the name that the certificate is for: nobody could check it otherwise, and soak-aws would refuse it."
  }

  validation {
    condition     = var.server_name == "" || var.certificate_arn != ""
    error_message = "server_name is for certificate_arn only: leave it out, the load balancer has a name of its own."
  }
}

variable "server_name" {
  type        = string
  default     = ""
  description = "With certificate_arn: the DNS name that you point to the load balancer, which the certificate is for."

  validation {
    condition     = var.server_name == "" || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.server_name))
    error_message = "server_name is not a DNS name such as calculator.example.com."
  }
}

variable "access_logs" {
  type        = bool
  default     = false
  description = "Whether the load balancer writes access logs, to a bucket made for them. They hold the query strings of GET /_calculate."
}

locals {
  tls = var.certificate_arn != ""
}

resource "aws_lb" "this" {
  name                       = "${var.name}-alb"
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [aws_security_group.load_balancer.id]
  subnets                    = local.subnets
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  idle_timeout               = 60 # less than the calculator's and nginx's: they must not close first

  dynamic "access_logs" {
    for_each = var.access_logs ? [aws_s3_bucket.logs[0].id] : []
    content {
      enabled = true
      bucket  = access_logs.value
    }
  }

  depends_on = [aws_s3_bucket_policy.logs, aws_route.internet]
}

resource "aws_lb_target_group" "this" {
  name                 = "${var.name}-tg"
  vpc_id               = local.vpc
  target_type          = "instance"
  protocol             = "HTTP"
  port                 = local.port
  deregistration_delay = var.deregistration_delay

  health_check {
    protocol            = "HTTP"
    port                = "traffic-port"
    path                = var.health_check_path
    matcher             = var.health_check_codes
    interval            = var.health_check_interval
    timeout             = var.health_check_timeout
    healthy_threshold   = var.healthy_threshold
    unhealthy_threshold = var.unhealthy_threshold
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type             = local.tls ? "redirect" : "forward"
    target_group_arn = local.tls ? null : aws_lb_target_group.this.arn

    dynamic "redirect" {
      for_each = local.tls ? [443] : []
      content {
        protocol    = "HTTPS"
        port        = redirect.value
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count             = local.tls ? 1 : 0
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  port              = 443
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}
