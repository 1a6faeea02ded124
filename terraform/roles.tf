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
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "${aws_s3_bucket.artifacts.arn}/${aws_s3_object.calculator.key}"
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
  name               = "${var.name}-instance"
  description        = "The instances of ${var.name}"
  assume_role_policy = local.ec2_assumes
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
  count              = var.image == "baked" ? 1 : 0
  name               = "${var.name}-builder"
  description        = "The instance that becomes the image of ${var.name}"
  assume_role_policy = local.ec2_assumes
}

resource "aws_iam_role_policy" "builder" {
  count  = var.image == "baked" ? 1 : 0
  name   = "instance"
  role   = aws_iam_role.builder[0].name
  policy = jsonencode(local.instance_policy)
}

resource "aws_iam_role_policy_attachment" "builder" {
  count      = var.image == "baked" ? 1 : 0
  role       = aws_iam_role.builder[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
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
