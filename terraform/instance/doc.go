// Package instance is what an EC2 instance of the fleet is made of: the cloud-init
// user data that Terraform renders, and the files that it writes (nginx, the
// systemd unit, the installer). Its tests run them with the real programs.
package instance
