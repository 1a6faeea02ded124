package live

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/ec2form"
	"secondwind/runlog"
)

// templateOf asks EC2 what a version of a launch template launches. User data may hold
// secrets, so that nothing but its digest leaves here.
func templateOf(cfg aws.Config) func(context.Context, runlog.LaunchTemplate) (runlog.TemplateVersion, error) {
	return func(ctx context.Context, t runlog.LaunchTemplate) (v runlog.TemplateVersion, err error) {
		var answer struct {
			Versions []struct {
				Number int    `xml:"versionNumber"`
				Image  string `xml:"launchTemplateData>imageId"`
				Type   string `xml:"launchTemplateData>instanceType"`
				Data   string `xml:"launchTemplateData>userData"`
			} `xml:"launchTemplateVersionSet>item"`
		}
		form := url.Values{"LaunchTemplateId": {t.LaunchTemplateId}, "LaunchTemplateVersion.1": {cmp.Or(t.Version, "$Default")}}
		if err := (ec2form.Client{AWS: cfg}).Call(ctx, "DescribeLaunchTemplateVersions", form, &answer); err != nil {
			return v, err
		}
		if len(answer.Versions) == 0 {
			return v, fmt.Errorf("launch template %s has no version %s", t.LaunchTemplateId, t.Version)
		}
		is := answer.Versions[0]
		sum := sha256.Sum256([]byte(is.Data))
		return runlog.TemplateVersion{VersionNumber: is.Number, ImageId: is.Image, InstanceType: is.Type,
			UserDataSHA256: hex.EncodeToString(sum[:])}, nil
	}
}
