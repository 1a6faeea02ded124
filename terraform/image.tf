# Canonical publishes the id of its current image; the id alone says nothing of
# who owns it, so the image is looked up by the id and by its owner.
data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/${local.goarch}/hvm/ebs-gp3/ami-id"
}

data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = [local.canonical]

  filter {
    name   = "image-id"
    values = [data.aws_ssm_parameter.ubuntu.insecure_value]
  }

  filter {
    name   = "architecture"
    values = [local.architecture]
  }

  lifecycle {
    postcondition {
      condition     = self.owner_id == local.canonical
      error_message = "The image does not belong to Canonical (099720109477)."
    }

    postcondition {
      condition     = self.architecture == local.architecture
      error_message = "The image is not of the architecture that instance_type needs."
    }
  }
}

locals {
  canonical = "099720109477"
  image_id  = var.image == "baked" ? one(aws_ami_from_instance.baked[*].id) : data.aws_ami.ubuntu.id
}

# image = "baked": an instance installs itself like any other, and once it has
# finished (the association waits for cloud-init) it becomes the image.
resource "aws_instance" "builder" {
  count                       = var.image == "baked" ? 1 : 0
  ami                         = data.aws_ami.ubuntu.id
  instance_type               = var.instance_type
  subnet_id                   = local.subnets[0]
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.instance.id]
  iam_instance_profile        = aws_iam_instance_profile.builder[0].name
  user_data_base64            = base64encode(local.user_data)
  user_data_replace_on_change = true
  tags                        = { Name = "${var.name}-builder" }
  volume_tags                 = local.tags

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted             = true
    kms_key_id            = aws_kms_key.this.arn
    volume_type           = "gp3"
    volume_size           = var.volume_size
    delete_on_termination = true
  }

  depends_on = [
    aws_iam_role_policy.builder,
    aws_iam_role_policy.run_command,
    aws_route_table_association.own,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.packages,
  ]
}

resource "aws_ssm_association" "built" {
  count                            = var.image == "baked" ? 1 : 0
  name                             = "AWS-RunShellScript"
  association_name                 = "${var.name}-built"
  parameters                       = { commands = "(cloud-init status --wait || [ $? -eq 2 ]) && curl --fail --silent --retry 30 --retry-connrefused http://127.0.0.1:${local.port}${var.health_check_path}" }
  wait_for_success_timeout_seconds = 900

  targets {
    key    = "InstanceIds"
    values = [aws_instance.builder[0].id]
  }
}

resource "aws_ami_from_instance" "baked" {
  count                   = var.image == "baked" ? 1 : 0
  name                    = "${var.name}-${substr(sha256(local.user_data), 0, 12)}"
  description             = "Ubuntu with nginx and the calculator of ${var.name}"
  source_instance_id      = aws_instance.builder[0].id
  snapshot_without_reboot = false

  depends_on = [aws_ssm_association.built]

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [aws_instance.builder[0].id]
  }
}
