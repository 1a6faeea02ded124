variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "ARN of a policy that bounds every role made here, where your account or GitHub's role (github/) asks for one."

  validation {
    condition     = var.permissions_boundary == "" || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is not the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/secondwind-boundary."
  }
}

# What an instance may do: fetch the calculator, unwrap its history's keys, open a
# Session Manager shell, and read the one parameter that was named, if any.
locals {
  ec2_assumes = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  instance_policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Calculator"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersion"]
        Resource = "${aws_s3_bucket.artifacts.arn}/${aws_s3_object.calculator.key}"
      },
      {
        # The key's policy allows the account to use it by S3: this passes it on.
        Sid       = "DecryptCalculator"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = aws_kms_key.this.arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
      {
        Sid      = "SessionManager"
        Effect   = "Allow"
        Action   = ["ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
        Resource = "*" # these actions know no narrower resource
      },
      ], var.history_database_parameter == "" ? [] : [{
        Sid      = "HistoryDatabase"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter${var.history_database_parameter}"
    }])
  }
}

resource "aws_iam_role" "instance" {
  name                 = "${var.name}-instance"
  description          = "The instances of ${var.name}"
  assume_role_policy   = local.ec2_assumes
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "instance" {
  name   = "instance"
  role   = aws_iam_role.instance.name
  policy = jsonencode(local.instance_policy)
}

resource "aws_iam_instance_profile" "instance" {
  name = "${var.name}-instance"
  role = aws_iam_role.instance.name
}

# The builder of a baked image also runs one command of Systems Manager.
resource "aws_iam_role" "builder" {
  count                = var.image == "baked" ? 1 : 0
  name                 = "${var.name}-builder"
  description          = "The instance that becomes the image of ${var.name}"
  assume_role_policy   = local.ec2_assumes
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_role_policy" "builder" {
  count  = var.image == "baked" ? 1 : 0
  name   = "instance"
  role   = aws_iam_role.builder[0].name
  policy = jsonencode(local.instance_policy)
}

# AmazonSSMManagedInstanceCore without what it has of parameters: it would let
# the builder read every one of the account.
resource "aws_iam_role_policy" "run_command" {
  count = var.image == "baked" ? 1 : 0
  name  = "run-command"
  role  = aws_iam_role.builder[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint", "ec2messages:GetMessages", "ec2messages:SendReply",
        "ssm:DescribeAssociation", "ssm:DescribeDocument", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument", "ssm:GetManifest",
        "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutComplianceItems", "ssm:PutConfigurePackageResult", "ssm:PutInventory",
        "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus",
      ]
      Resource = "*"
    }]
  })
}

resource "aws_iam_instance_profile" "builder" {
  count = var.image == "baked" ? 1 : 0
  name  = "${var.name}-builder"
  role  = aws_iam_role.builder[0].name
}

# What proving takes, and nothing that changes anything: the same actions as
# secondwind doctor tries one by one.
resource "aws_iam_policy" "verifier" {
  name        = "${var.name}-verifier"
  description = "Reads what a proof of ${var.name} reads"
  policy      = file("${path.module}/verifier-policy.json")
}
