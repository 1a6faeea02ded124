package imds

import (
	"runtime"
	"strings"
	"time"
)

// Instance is what an instance's metadata tells of it. Empty fields are served empty.
type Instance struct {
	InstanceID       string
	InstanceType     string
	ImageID          string
	LocalIPv4        string
	AvailabilityZone string
	Region           string
	AccountID        string
	LaunchTime       time.Time // served in whole seconds
	Role             Role      // zero: none, and nothing below meta-data/iam
}

// Role is what an instance may act as, by its instance profile.
type Role struct {
	Name                  string // "" is none
	ProfileARN, ProfileID string
	// Credentials are asked for with every read: they must be good for a while yet.
	Credentials func() Credentials
}

// Credentials are temporary ones of a role.
type Credentials struct {
	AccessKeyID, SecretAccessKey, Token string
	Updated, Expires                    time.Time // served in whole seconds
}

// localHostname is the name that EC2 gives an instance by its address.
// Source: Amazon EC2 User Guide, "EC2 instance hostnames and domains" (IP name).
func (i Instance) localHostname() string {
	name := "ip-" + strings.ReplaceAll(i.LocalIPv4, ".", "-")
	if i.Region == "us-east-1" {
		return name + ".ec2.internal"
	}
	return name + "." + i.Region + ".compute.internal"
}

// document is the instance identity document, with EC2's own member names.
type document struct {
	AccountID               string    `json:"accountId"`
	Architecture            string    `json:"architecture"`
	AvailabilityZone        string    `json:"availabilityZone"`
	BillingProducts         []string  `json:"billingProducts"`
	DevpayProductCodes      []string  `json:"devpayProductCodes"`
	MarketplaceProductCodes []string  `json:"marketplaceProductCodes"`
	ImageID                 string    `json:"imageId"`
	InstanceID              string    `json:"instanceId"`
	InstanceType            string    `json:"instanceType"`
	KernelID                *string   `json:"kernelId"`
	PendingTime             time.Time `json:"pendingTime"`
	PrivateIP               string    `json:"privateIp"`
	RamdiskID               *string   `json:"ramdiskId"`
	Region                  string    `json:"region"`
	Version                 string    `json:"version"`
}

// document returns the identity document as EC2 prints it.
func (i Instance) document() string {
	return encode(document{
		AccountID: i.AccountID, Architecture: architecture(), AvailabilityZone: i.AvailabilityZone,
		ImageID: i.ImageID, InstanceID: i.InstanceID, InstanceType: i.InstanceType,
		PendingTime: i.LaunchTime.UTC().Truncate(time.Second), PrivateIP: i.LocalIPv4,
		Region: i.Region, Version: "2017-09-30",
	})
}

// architecture is EC2's word for what this machine is.
func architecture() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "386":
		return "i386"
	}
	return runtime.GOARCH
}
