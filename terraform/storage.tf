variable "calculator" {
  type        = string
  default     = null
  description = "Path of the calculator for the instances; null is bin/linux-amd64/calculator or bin/linux-arm64/calculator, as make deploy builds them."

  validation {
    condition     = var.calculator == null || fileexists(coalesce(var.calculator, "/"))
    error_message = "calculator is no file: build it with make linux, or leave the variable out."
  }
}

locals {
  calculator_path   = coalesce(var.calculator, "${path.module}/../bin/linux-${local.goarch}/calculator")
  calculator_sha256 = try(filesha256(local.calculator_path), "")
}

resource "aws_s3_bucket" "artifacts" {
  bucket_prefix = "${var.name}-artifacts-"
  force_destroy = true
}

resource "aws_s3_bucket_ownership_controls" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  bucket                  = aws_s3_bucket.artifacts.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_policy" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.only_tls, { Resource = [aws_s3_bucket.artifacts.arn, "${aws_s3_bucket.artifacts.arn}/*"] })]
  })

  depends_on = [aws_s3_bucket_public_access_block.artifacts]
}

# The binary lies under its checksum, which the instances check.
resource "aws_s3_object" "calculator" {
  bucket                 = aws_s3_bucket.artifacts.id
  key                    = "calculator/${local.goarch}/${local.calculator_sha256}"
  source                 = local.calculator_path
  source_hash            = local.calculator_sha256
  server_side_encryption = "aws:kms"
  kms_key_id             = aws_kms_key.this.arn

  depends_on = [
    aws_s3_bucket_ownership_controls.artifacts,
    aws_s3_bucket_policy.artifacts,
    aws_s3_bucket_server_side_encryption_configuration.artifacts,
    aws_s3_bucket_versioning.artifacts,
  ]

  lifecycle {
    precondition {
      condition     = length(local.calculator_sha256) == 64
      error_message = "There is no calculator for the instances at ${local.calculator_path}: build it with make linux."
    }
  }
}

locals {
  only_tls = {
    Sid       = "OnlyTLS"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}

# Access logs lie in a bucket of their own: Elastic Load Balancing writes to no
# bucket that is encrypted with a key of KMS, only with one of S3.
resource "aws_s3_bucket" "logs" {
  count         = var.access_logs ? 1 : 0
  bucket_prefix = "${var.name}-logs-"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "logs" {
  count                   = var.access_logs ? 1 : 0
  bucket                  = aws_s3_bucket.logs[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  count  = var.access_logs ? 1 : 0
  bucket = aws_s3_bucket.logs[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  count  = var.access_logs ? 1 : 0
  bucket = aws_s3_bucket.logs[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = 30
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  count  = var.access_logs ? 1 : 0
  bucket = aws_s3_bucket.logs[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(local.only_tls, { Resource = [aws_s3_bucket.logs[0].arn, "${aws_s3_bucket.logs[0].arn}/*"] }),
      {
        Sid       = "LoadBalancer"
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs[0].arn}/AWSLogs/${local.account}/*"
        Condition = {
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/*" }
          StringEquals = { "aws:SourceAccount" = local.account }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.logs]
}
