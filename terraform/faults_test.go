package terraform_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A fault is a small error in the stack that one of the checks must see. The
// table keeps the fake provider and the assertions honest: whatever they let
// pass here, they would let pass when it happens.
type fault struct {
	name string
	file string // of the stack
	old  string // text that stands in it exactly once
	new  string
	by   string // what sees it: validate, or a run of tests/, as file/run
	says string // part of what is said then; on lines of their own if it is said of several
}

const validate = "validate"

// ofTheSchema are wrong whatever the variables are: validate sees them.
var ofTheSchema = []fault{
	{"a misspelt argument", "auto_scaling.tf", `health_check_type         = "ELB"`, `health_check_kind         = "ELB"`, validate, `An argument named "health_check_kind" is not expected here`},
	{"an argument of another resource", "load_balancer.tf", `idle_timeout               = 60`, `deregistration_delay       = 60`, validate, `An argument named "deregistration_delay" is not expected here`},
	{"a missing argument", "notifications.tf", "  protocol  = \"email\"\n", "", validate, `The argument "protocol" is required`},
	{"a missing argument in a block", "storage.tf", "      sse_algorithm     = \"aws:kms\"\n", "", validate, `The argument "sse_algorithm" is required`},
	{"a missing block", "storage.tf", "  rule {\n    object_ownership = \"BucketOwnerEnforced\"\n  }\n", "", validate, `At least 1 "rule" blocks are required`},
	{"a block that there is not", "instance.tf", "  monitoring {", "  detailed_monitoring {", validate, `Blocks of type "detailed_monitoring" are not expected here`},
	{"a block in the wrong place", "instance.tf", "    ebs {", "    root_block_device {", validate, `Blocks of type "root_block_device" are not expected here`},
	{"a block twice that there may be once", "auto_scaling.tf", "  launch_template {", "  launch_template {\n    id = \"lt-1\"\n  }\n\n  launch_template {", validate, `No more than 1 "launch_template" blocks are allowed`},
	{"an argument for a block", "instance.tf", "  monitoring {", "  monitoring = {", validate, `An argument named "monitoring" is not expected here`},
	{"text for a number", "key.tf", "rotation_period_in_days = 90", `rotation_period_in_days = "a quarter"`, validate, "a number is required"},
	{"text for a list", "load_balancer.tf", "security_groups            = [aws_security_group.load_balancer.id]", "security_groups            = \"sg-0123456789abcdef0\"", validate, "set of string required"},
	{"a read-only argument that is set", "load_balancer.tf", "  internal                   = false", "  dns_name                   = \"secondwind.example\"", validate, "dns_name of aws_lb is decided by AWS"},
	{"a reference to no such attribute", "outputs.tf", "http://${aws_lb.this.dns_name}", "http://${aws_lb.this.hostname}", validate, `This object has no argument, nested block, or exported attribute named "hostname"`},
	{"a reference to no such resource", "outputs.tf", "aws_lb_target_group.this.arn", "aws_lb_target_group.main.arn", validate, `A managed resource "aws_lb_target_group" "main" has not been declared`},
	{"a value that is none of an enumeration", "auto_scaling.tf", `health_check_type         = "ELB"`, `health_check_type         = "ALB"`, validate, `"ALB": use one of EC2, ELB`},
	{"a value that is none of a block's enumeration", "instance.tf", `volume_type           = "gp3"`, `volume_type           = "ssd"`, validate, `"ssd": use one of standard, gp2, gp3`},
	{"a number out of its range", "key.tf", "deletion_window_in_days = 7", "deletion_window_in_days = 3", validate, "is 3: it must be between 7 and 30"},
	{"a load balancer's name over 32 characters", "load_balancer.tf", `"${var.name}-alb"`, `"secondwind-application-load-balancer"`, validate, "has 36 characters: at most 32 are allowed"},
	{"a load balancer's name with an underscore", "load_balancer.tf", `"${var.name}-alb"`, `"secondwind_alb"`, validate, "holds what a load balancer's name may not"},
	{"an ARN where a role's name belongs", "roles.tf", "  role   = aws_iam_role.instance.name\n  policy", "  role   = \"arn:aws:iam::123456789012:role/secondwind-instance\"\n  policy", validate, "is an ARN, where the name belongs"},
	{"a name where an ARN belongs", "load_balancer.tf", "  load_balancer_arn = aws_lb.this.arn\n  protocol          = \"HTTP\"\n", "  load_balancer_arn = \"secondwind-alb\"\n  protocol          = \"HTTP\"\n", validate, `is no ARN: "secondwind-alb"`},
	{"two arguments that exclude each other", "image.tf", "  user_data_replace_on_change = true", "  user_data                   = \"#cloud-config\"\n  user_data_base64            = \"I2Nsb3VkLWNvbmZpZw==\"\n  user_data_replace_on_change = true", validate, `The argument "user_data_base64" was already set`},
	{"none of two arguments of which one is needed", "load_balancer.tf", "  subnets                    = local.subnets\n", "", validate, "aws_lb needs one of subnet_mapping, subnets"},
	{"a block of addresses that is none", "security_groups.tf", "  description       = \"Ubuntu packages\"\n  cidr_ipv4         = \"0.0.0.0/0\"", "  description       = \"Ubuntu packages\"\n  cidr_ipv4         = \"0.0.0.0\"", validate, "is no CIDR block"},
	{"a policy that is no JSON", "key.tf", "jsonencode(local.key_policy)", `"allow everything"`, validate, "is no JSON"},
	{"a period that an alarm does not have", "auto_scaling.tf", "= var.alarm_period", "= 45", validate, "is 45: it must be 10, 20, 30 or a multiple of 60"},
}

// ofTheScalingVariables pass the schema and scale otherwise than they should.
var ofTheScalingVariables = []fault{
	{"the alarm at 25 instead of 20 %", "scaling.auto.tfvars.json", `"cpu_threshold": 20`, `"cpu_threshold": 25`, "scaling/by_default", "The alarm must go off above 20 %\nThe dashboard must show CPU with the threshold"},
	{"a threshold that is no variable's", "auto_scaling.tf", "out = var.cpu_threshold,", "out = 20,", "scaling_variables/scaling_variables", "cpu_threshold or scale_in_cpu_threshold does not arrive"},
	{"three instances at most", "scaling.auto.tfvars.json", `"max_size": 2`, `"max_size": 3`, "scaling/by_default", "The group must have min 1, desired 1, max 2"},
	{"a max_size that is no variable's", "auto_scaling.tf", "= var.max_size", "= 3", "scaling/by_default", "The group must have min 1, desired 1, max 2"},
	{"a scale-in threshold above half", "scaling.auto.tfvars.json", `"scale_in_cpu_threshold": 8`, `"scale_in_cpu_threshold": 12`, "scaling/by_default", "scale_in_cpu_threshold is not between 0 and half of cpu_threshold"},
	{"a scale-in threshold above half, of no variable", "auto_scaling.tf", "in = var.scale_in_cpu_threshold }", "in = 12 }", "scaling/by_default", "Scaling in must wait for less than half of the threshold"},
	{"a period of five minutes", "auto_scaling.tf", "= var.alarm_period", "= 300", "scaling/by_default", "The alarm must look at one period of 60 s"},
	{"an alarm that waits for equality", "auto_scaling.tf", `"GreaterThanThreshold"`, `"GreaterThanOrEqualToThreshold"`, "scaling/by_default", "The alarm must go off above 20 %"},
	{"a misspelt metric", "auto_scaling.tf", `"CPUUtilization"`, `"CPUUtilisation"`, "scaling/by_default", "The alarms must watch the group's average AWS/EC2 CPUUtilization"},
	{"a misspelt dimension", "auto_scaling.tf", "{ AutoScalingGroupName =", "{ AutoScalingGroup =", "scaling/by_default", "The alarms must watch the group's average AWS/EC2 CPUUtilization"},
	{"the maximum instead of the average", "auto_scaling.tf", `statistic           = "Average"`, `statistic           = "Maximum"`, "scaling/by_default", "The alarms must watch the group's average AWS/EC2 CPUUtilization"},
	{"an alarm without its policy", "auto_scaling.tf", "[aws_autoscaling_policy.by_alarm[each.key].arn, aws_sns_topic.this.arn]", "[aws_sns_topic.this.arn]", "scaling/by_default", "Each alarm must invoke its policy and tell the topic"},
	{"two instances at once", "auto_scaling.tf", "{ out = 1, in = -1 }", "{ out = 2, in = -1 }", "scaling/by_default", "Above the threshold one instance must be added"},
	{"policies the wrong way round", "auto_scaling.tf", "{ out = 1, in = -1 }", "{ out = -1, in = 1 }", "scaling/by_default", "Above the threshold one instance must be added\nBelow the lower threshold one instance must be removed"},
	{"a health check that asks another path", "load_balancer.tf", "= var.health_check_path", `= "/"`, "scaling/by_default", "The health check must ask nginx's port 8080 for /healthz"},
	{"a port where nginx does not listen", "security_groups.tf", "port       = 8080", "port       = 8081", "scaling/by_default", "The health check must ask nginx's port 8080 for /healthz"},
	{"health by EC2 alone", "auto_scaling.tf", `health_check_type         = "ELB"`, `health_check_type         = "EC2"`, "scaling/by_default", "The load balancer's health check must count"},
	{"no time to boot", "auto_scaling.tf", "var.health_check_grace_period + local.boot_allowance", "var.health_check_grace_period", "scaling/by_default", "The load balancer's health check must count"},
	{"a group that stands behind no load balancer", "auto_scaling.tf", "= [aws_lb_target_group.this.arn]", "= []", "scaling/by_default", "The group's instances must stand behind the load balancer"},
	{"no scheduled end", "auto_scaling.tf", "  start_time             = local.expires\n", "  recurrence             = \"0 0 31 12 *\"\n", "scaling/by_default", "At the TTL the group must be scaled to zero"},
	{"an end that leaves an instance", "auto_scaling.tf", "  min_size               = 0\n  desired_capacity       = 0\n  max_size               = 0", "  min_size               = 1\n  desired_capacity       = 1\n  max_size               = 1", "scaling/by_default", "At the TTL the group must be scaled to zero"},
	{"instances without the run's tags", "auto_scaling.tf", "propagate_at_launch = true", "propagate_at_launch = false", "scaling/by_default", "Instances must carry the run's tags"},
	{"volumes without the run's tags", "instance.tf", `["instance", "volume", "network-interface"]`, `["instance"]`, "scaling/by_default", "Volumes and network interfaces must carry the run's tags"},
	{"a name over 32 characters, by its variable", "load_balancer.tf", `"${var.name}-tg"`, `"${var.name}-targets-of-the-load-balancer"`, "scaling/by_default", "has 39 characters: at most 32 are allowed"},
	{"an instance profile's name where its ARN belongs", "instance.tf", "arn = aws_iam_instance_profile.instance.arn", "arn = aws_iam_instance_profile.instance.name", "scaling/by_default", `is no ARN: "secondwind-instance"`},
	{"a policy that is both step and simple", "auto_scaling.tf", `var.policy == "simple" ? each.value : null`, "each.value", "scaling/by_default", "cannot have scaling_adjustment and step_adjustment together"},
}

// ofSecurity pass the schema and break a promise.
var ofSecurity = []fault{
	{"IMDSv1 allowed", "instance.tf", `http_tokens                 = "required"`, `http_tokens                 = "optional"`, "security/instances", "Instances must take IMDSv2 only"},
	{"instance metadata two hops away", "instance.tf", "http_put_response_hop_limit = 1", "http_put_response_hop_limit = 2", "security/instances", "Instances must take IMDSv2 only"},
	{"an unencrypted volume", "instance.tf", "encrypted             = true", "encrypted             = false", "security/instances", "Volumes must be gp3, encrypted with the stack's key"},
	{"a volume of AWS's own key", "instance.tf", "      kms_key_id            = aws_kms_key.this.arn\n", "", "security/instances", "Volumes must be gp3, encrypted with the stack's key"},
	{"CPU every five minutes only", "instance.tf", "  monitoring {\n    enabled = true", "  monitoring {\n    enabled = false", "security/instances", "Detailed monitoring must be on"},
	{"instances open to everyone", "security_groups.tf", "  description                  = \"nginx, from the load balancer only\"\n  referenced_security_group_id = aws_security_group.load_balancer.id", "  description                  = \"nginx, from the load balancer only\"\n  cidr_ipv4                    = \"0.0.0.0/0\"", "security/network", "Instances must be reached from the load balancer's security group only"},
	{"SSH open", "security_groups.tf", "  description                  = \"nginx, from the load balancer only\"\n  referenced_security_group_id = aws_security_group.load_balancer.id\n  from_port                    = local.port", "  description                  = \"nginx, from the load balancer only\"\n  referenced_security_group_id = aws_security_group.load_balancer.id\n  from_port                    = 22", "security/network", "Instances must be reached on nginx's port 8080 only"},
	{"a load balancer open to everyone", "security_groups.tf", "= each.value.cidr", `= "0.0.0.0/0"`, "security/network", "The load balancer must be open to allowed_cidrs on port 80 only"},
	{"allowed_cidrs that may be the whole internet", "security_groups.tf", "var.public || alltrue(", "true || alltrue(", "bad_input/another_way", "Missing expected failure"},
	{"a bucket without a block of public access", "storage.tf", "  bucket                  = aws_s3_bucket.artifacts.id\n  block_public_acls       = true\n  block_public_policy     = true", "  bucket                  = aws_s3_bucket.artifacts.id\n  block_public_acls       = true\n  block_public_policy     = false", "security/bucket", "The bucket must be private"},
	{"a bucket without versions", "storage.tf", "    status = \"Enabled\"\n  }\n}\n\nresource \"aws_s3_bucket_server_side_encryption_configuration\" \"artifacts\"", "    status = \"Suspended\"\n  }\n}\n\nresource \"aws_s3_bucket_server_side_encryption_configuration\" \"artifacts\"", "security/bucket", "The bucket must be versioned"},
	{"a bucket without the stack's key", "storage.tf", "      sse_algorithm     = \"aws:kms\"\n      kms_master_key_id = aws_kms_key.this.arn\n", "      sse_algorithm = \"AES256\"\n", "security/bucket", "The bucket must be encrypted with the stack's key"},
	{"a bucket that answers without TLS", "storage.tf", `Action    = "s3:*"`, `Action    = "s3:GetObject"`, "security/bucket", "The bucket must refuse requests without TLS"},
	{"a topic that takes messages without TLS", "notifications.tf", "        Sid       = \"OnlyTLS\"\n        Effect    = \"Deny\"", "        Sid       = \"OnlyTLS\"\n        Effect    = \"Allow\"", "security/topic", "The topic must refuse messages without TLS"},
	{"a topic that is not encrypted", "notifications.tf", "  kms_master_key_id = aws_kms_key.this.arn\n", "", "security/topic", "The topic must be encrypted with the stack's key"},
	{"a topic that every account's alarms may use", "notifications.tf", "          StringEquals = { \"aws:SourceAccount\" = local.account }\n", "          StringLike   = { \"aws:SourceAccount\" = \"*\" }\n", "security/topic", "CloudWatch of this account alone must be allowed to publish"},
	{"CloudWatch left out of the key's policy", "key.tf", `Principal = { Service = "cloudwatch.amazonaws.com" }`, `Principal = { Service = "sns.amazonaws.com" }`, "security/key", "CloudWatch must be allowed to use the key"},
	{"Auto Scaling left out of the key's policy", "key.tf", `Sid       = "VolumesOfAutoScaling"`, `Sid       = "Volumes"`, "security/key", "Auto Scaling must be allowed to grant the key to volumes"},
	{"a key that anybody of the account may use", "key.tf", `for service in ["ec2", "s3", "sns"]`, `for service in ["*"]`, "security/key", "The account's own principals may use the key through EC2, S3 and SNS only"},
	{"a key for everything", "key.tf", `Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]`, `Action    = ["kms:*"]`, "security/key", "No statement of the key's policy may allow everything\nCloudWatch must be allowed to use the key"},
	{"a key for everyone", "key.tf", `ArnEquals    = { "aws:PrincipalArn" =`, `ArnNotEquals = { "aws:PrincipalArn" =`, "security/key", "A statement of the key's policy for everyone must be narrowed"},
	{"a key that does not rotate", "key.tf", "enable_key_rotation     = true", "enable_key_rotation     = false", "security/key", "The key must rotate"},
	{"a role that may read every object", "roles.tf", `Resource = "${aws_s3_bucket.artifacts.arn}/${aws_s3_object.calculator.key}"`, `Resource = "${aws_s3_bucket.artifacts.arn}/*"`, "security/roles", "The instance role must read the calculator's object only"},
	{"a role that may write", "roles.tf", `["s3:GetObjectVersion"]`, `["s3:GetObjectVersion", "s3:PutObject"]`, "security/roles", "The instance role must have exactly what an instance uses"},
	{"a verifier that may change something", "verifier-policy.json", `"autoscaling:DescribePolicies"`, `"autoscaling:SetDesiredCapacity"`, "security/roles", "The verifier's policy must only read"},
	{"a load balancer that passes on invalid headers", "load_balancer.tf", "drop_invalid_header_fields = true", "drop_invalid_header_fields = false", "security/network", "The load balancer must drop invalid header fields"},
	{"an object of any version", "instance.tf", "= aws_s3_object.calculator.version_id", `= "latest"`, "security/instances", "Instances must fetch one version of the object"},
	{"an image of anybody", "image.tf", "self.owner_id == local.canonical", "self.owner_id != \"\"", "variants/not_canonical", "Missing expected failure"},
	{"a builder with IMDSv1", "image.tf", `http_tokens                 = "required"`, `http_tokens                 = "optional"`, "variants/baked", "The builder must be as safe as the instances"},
	{"a TLS load balancer that still answers on 80", "load_balancer.tf", `type             = local.tls ? "redirect" : "forward"`, `type             = "forward"`, "variants/tls", "With a certificate port 80 must only redirect"},
	{"a budget that tells too late", "notifications.tf", "ACTUAL = 80", "ACTUAL = 100", "variants/told", "The budget must tell at 80 %"},
}

// ofPromises were once seen by nothing.
var ofPromises = []fault{
	{"missing data that scales", "auto_scaling.tf", "treat_missing_data  = \"missing\"", "treat_missing_data  = \"breaching\"", "promises/promises", "Missing data must not scale, and policies must take the average"},
	{"a health check of another port", "load_balancer.tf", "port                = \"traffic-port\"", "port                = \"81\"", "promises/promises", "Requests and health checks must go to nginx's port by HTTP"},
	{"a load balancer that nobody outside reaches", "load_balancer.tf", "internal                   = false", "internal                   = true", "promises/promises", "The load balancer must face the internet and listen for HTTP on port 80"},
	{"a listener on another port", "load_balancer.tf", "protocol          = \"HTTP\"\n  port              = 80\n", "protocol          = \"HTTP\"\n  port              = 8080\n", "promises/promises", "The load balancer must face the internet and listen for HTTP on port 80"},
	{"a load balancer in the instances' security group", "load_balancer.tf", "security_groups            = [aws_security_group.load_balancer.id]", "security_groups            = [aws_security_group.instance.id]", "promises/promises", "Load balancer and instances must each have their own security group"},
	{"instances reached from each other only", "security_groups.tf", "description                  = \"nginx, from the load balancer only\"\n  referenced_security_group_id = aws_security_group.load_balancer.id", "description                  = \"nginx, from the load balancer only\"\n  referenced_security_group_id = aws_security_group.instance.id", "promises/promises", "The rules between load balancer and instances must be the right way round"},
	{"instances in the load balancer's security group", "instance.tf", "vpc_security_group_ids = [aws_security_group.instance.id]", "vpc_security_group_ids = [aws_security_group.load_balancer.id]", "promises/promises", "Load balancer and instances must each have their own security group"},
	{"a TTL in minutes", "run.tf", "\"${var.ttl_hours}h\"", "\"${var.ttl_hours}m\"", "promises/promises", "ttl_hours must be hours"},
	{"objects that are answered without TLS", "storage.tf", "Statement = [merge(local.only_tls, { Resource = [aws_s3_bucket.artifacts.arn, \"${aws_s3_bucket.artifacts.arn}/*\"] })]", "Statement = [merge(local.only_tls, { Resource = [aws_s3_bucket.artifacts.arn] })]", "promises/promises", "The bucket and every object in it must refuse everyone's requests without TLS"},
	{"a rule for another protocol", "security_groups.tf", "  description       = \"S3, KMS and Session Manager\"\n  cidr_ipv4         = \"0.0.0.0/0\"\n  from_port         = 443\n  to_port           = 443\n  ip_protocol       = \"tcp\"", "  description       = \"S3, KMS and Session Manager\"\n  cidr_ipv4         = \"0.0.0.0/0\"\n  from_port         = 443\n  to_port           = 443\n  ip_protocol       = \"udp\"", "promises/promises", "Every rule must be for TCP"},
	{"callers of every account through services", "key.tf", "\"kms:CallerAccount\" = local.account\n          \"kms:ViaService\"    =", "\"kms:ViaService\"    =", "promises/promises", "Only callers of this account may use the key through services"},
	{"a group that keeps its old launch template", "auto_scaling.tf", "version = aws_launch_template.this.latest_version", "version = \"$Default\"", "promises/promises", "A changed template must reach the group, and nothing may be left behind"},
	{"a role that everyone may take", "roles.tf", "Principal = { Service = \"ec2.amazonaws.com\" }", "Principal = { AWS = \"*\", Service = \"ec2.amazonaws.com\" }", "promises/promises", "Nobody but EC2 may take the instance role"},
	{"targets that are asked by HTTPS", "load_balancer.tf", "protocol             = \"HTTP\"\n  port                 = local.port", "protocol             = \"HTTPS\"\n  port                 = local.port", "promises/promises", "Requests and health checks must go to nginx's port by HTTP"},
	{"alarms that may not publish", "notifications.tf", "        Principal = { Service = \"cloudwatch.amazonaws.com\" }\n        Action    = \"sns:Publish\"", "        Principal = { Service = \"cloudwatch.amazonaws.com\" }\n        Action    = \"sns:Subscribe\"", "promises/promises", "The topic's policy must be about publishing"},
	{"volumes that stay", "instance.tf", "volume_size           = var.volume_size\n      delete_on_termination = true", "volume_size           = var.volume_size\n      delete_on_termination = false", "promises/promises", "A changed template must reach the group, and nothing may be left behind"},
}

// A probe is a copy of the stack with one fault, or with several that fail different
// assertions of the same run: a run of Terraform takes a second.
type probe struct {
	folder     string
	by         string
	faults     []fault
	assertions []string // that must fail, and no other; nil: something else must
}

// probes puts every fault into a copy of the stack.
func probes(t *testing.T) []*probe {
	t.Helper()
	var all []*probe
	for _, f := range slices.Concat(ofTheSchema, ofTheScalingVariables, ofSecurity, ofPrivilege, ofPromises) {
		assertions := f.assertions(t)
		fits := func(p *probe) bool { return p.by == f.by && p.takes(assertions) && f.seed(p.folder) == nil }
		i := slices.IndexFunc(all, fits)
		if i < 0 {
			i = len(all)
			all = append(all, newProbe(t, f))
		}
		all[i].faults = append(all[i].faults, f)
		all[i].assertions = append(all[i].assertions, assertions...)
	}
	return all
}

// newProbe is a copy of the stack with the fault, and with the run that must see it.
func newProbe(t *testing.T, f fault) *probe {
	t.Helper()
	p := &probe{folder: aStackCopy(t), by: f.by}
	err := f.seed(p.folder)
	if err == nil && f.by != validate {
		err = keepRun(p.folder, f.by)
	}
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	return p
}

// takes tells whether a fault that fails the assertions can be told from the others.
func (p *probe) takes(assertions []string) bool {
	return len(assertions) > 0 && len(p.assertions) > 0 &&
		!slices.ContainsFunc(assertions, func(a string) bool { return slices.Contains(p.assertions, a) })
}

// seen returns what is said of the faults, and whether it is said of every one: the
// command fails, by their assertions and no other.
func (p *probe) seen(provider *fake) (said string, ok bool) {
	command := "test"
	if p.by == validate {
		command = "validate"
	}
	said, err := provider.on(p.folder, command)
	ok = err != nil && (p.assertions == nil || strings.Count(said, "Test assertion failed") == len(p.assertions))
	for _, f := range p.faults {
		for text := range strings.Lines(f.says) {
			ok = ok && strings.Contains(said, strings.TrimSpace(text))
		}
	}
	return said, ok
}

func TestSeededFaultsAreCaught(t *testing.T) {
	t.Parallel()
	provider := theFake(t)
	for _, p := range probes(t) {
		t.Run(p.by, func(t *testing.T) {
			t.Parallel()
			if _, ok := p.seen(provider); ok {
				return
			}
			for _, f := range p.faults { // each by itself, to name the one
				alone := newProbe(t, f)
				alone.faults, alone.assertions = []fault{f}, f.assertions(t)
				if said, ok := alone.seen(provider); !ok {
					t.Errorf("%s: %s does not say %q alone, but: %s", f.name, f.by, f.says, said)
				}
			}
		})
	}
}

var errorMessage = regexp.MustCompile(`(?m)^ +error_message = "(.+)"$`)

// assertions are those of the run that must fail by the fault; none where what must
// be said is no assertion's.
func (f fault) assertions(t *testing.T) []string {
	t.Helper()
	if f.by == validate {
		return nil
	}
	_, body, err := runOf("tests", f.by)
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	var found []string
	for text := range strings.Lines(f.says) {
		for _, message := range errorMessage.FindAllStringSubmatch(body, -1) {
			if strings.Contains(message[1], strings.TrimSpace(text)) {
				found = append(found, message[1])
			}
		}
	}
	return found
}

// runOf returns a run of the tests in a folder, named as file/run, and what stands
// before the file's first run.
func runOf(tests, name string) (head, body string, err error) {
	file, run, _ := strings.Cut(name, "/")
	text, err := os.ReadFile(filepath.Join(tests, file+".tftest.hcl"))
	if err != nil {
		return "", "", err
	}
	head, _, _ = strings.Cut(string(text), "\nrun ")
	if body = regexp.MustCompile(`(?ms)^run "` + run + `" \{$.*?^\}$`).FindString(string(text)); body == "" {
		err = fmt.Errorf("tests/%s.tftest.hcl has no run %q", file, run)
	}
	return head, body, err
}

// keepRun leaves one run of the tests, named as file/run: all the others would
// take a minute for every fault.
func keepRun(folder, name string) error {
	tests := filepath.Join(folder, "tests")
	head, body, err := runOf(tests, name)
	if err != nil {
		return err
	}
	others, err := filepath.Glob(filepath.Join(tests, "*.tftest.hcl"))
	for _, other := range others {
		err = errors.Join(err, os.Remove(other))
	}
	return errors.Join(err, os.WriteFile(filepath.Join(tests, "one.tftest.hcl"), []byte(head+"\n"+body+"\n"), 0o600))
}

// seed puts the fault into a copy of the stack; an error says that the stack has
// changed, so that the fault is no longer what it was.
func (f fault) seed(folder string) error {
	path := filepath.Join(folder, f.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), f.old); n != 1 {
		return fmt.Errorf("%q stands in %s %d times, want once: write the fault anew", f.old, f.file, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), f.old, f.new, 1)), 0o600)
}

func TestFaultsAreSeededExactlyOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte("a b b"), 0o600); err != nil {
		t.Fatal(err)
	}
	for old, ok := range map[string]bool{"a": true, "b": false, "c": false} {
		if err := (fault{file: "main.tf", old: old, new: old}).seed(folder); (err == nil) != ok {
			t.Errorf("seed %q = %v", old, err)
		}
	}
	if err := (fault{file: "none.tf"}).seed(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("seed in no file = %v", err)
	}
}
