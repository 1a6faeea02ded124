package terraform_test

// ofPrivilege pass the schema and let somebody do more than is promised, or what
// was promised not at all.
var ofPrivilege = []fault{
	{"a history's key for any purpose", "key.tf",
		"        Condition = { StringEquals = { \"kms:EncryptionContext:purpose\" = \"calculator-history\" } }\n", "",
		"least_privilege/key_and_roles", "Instances may do more with the key"},
	{"an administration that may decrypt", "key.tf",
		`"kms:CancelKeyDeletion", `, `"kms:CancelKeyDeletion", "kms:Decrypt", `,
		"least_privilege/key_and_roles", "Whoever administers the key may use it too"},
	{"a grant for others than AWS", "key.tf",
		`merge(local.is_autoscaling, { Bool = { "kms:GrantIsForAWSResource" = "true" } })`, "local.is_autoscaling",
		"least_privilege/key_and_roles", "Grants can be made for others than AWS's own resources"},
	{"an instance that decrypts by any service", "roles.tf",
		"        Condition = { StringEquals = { \"kms:ViaService\" = \"s3.${var.region}.amazonaws.com\" } }\n", "",
		"least_privilege/key_and_roles", "may decrypt other than what comes from the bucket"},
	{"a builder that reads the account's parameters", "roles.tf",
		`"ssm:GetManifest"`, `"ssm:GetParameters"`,
		"least_privilege/builder_within_a_boundary", "The builder may read the account's parameters"},
	{"a role without the boundary", "roles.tf",
		"  description          = \"The instances of ${var.name}\"\n  assume_role_policy   = local.ec2_assumes\n" +
			"  permissions_boundary = var.permissions_boundary == \"\" ? null : var.permissions_boundary\n",
		"  description          = \"The instances of ${var.name}\"\n  assume_role_policy   = local.ec2_assumes\n",
		"least_privilege/builder_within_a_boundary", "A role is not bounded by permissions_boundary"},
	{"a description that EC2 refuses", "security_groups.tf",
		`"PostgreSQL of the history"`, `"The history's PostgreSQL"`,
		"variants/shared_history", "EC2 refuses a description"},
	{"an https URL with the load balancer's own name", "outputs.tf",
		"https://${var.server_name}", "https://${aws_lb.this.dns_name}",
		"variants/tls", "the name that the certificate is for"},
}
