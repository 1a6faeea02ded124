package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// ec2Version is the version of the EC2 API that is spoken.
const ec2Version = "2016-11-15"

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// ec2 calls the three operations of EC2 that the stack needs. The SDK's own
// client would take minutes and gigabytes to compile, for three forms.
type ec2 struct{ cfg aws.Config }

// template is a launch template of the stack's.
type template struct {
	name, imageID, instanceType string
	profile                     string // instances act as its role
	tags                        map[string]string
}

// createLaunchTemplate returns the id of the new template.
func (c ec2) createLaunchTemplate(ctx context.Context, t template) (string, error) {
	var answer struct {
		ID string `xml:"launchTemplate>launchTemplateId"`
	}
	form := url.Values{
		"LaunchTemplateName":                         {t.name},
		"LaunchTemplateData.ImageId":                 {t.imageID},
		"LaunchTemplateData.InstanceType":            {t.instanceType},
		"LaunchTemplateData.IamInstanceProfile.Name": {t.profile},
		"LaunchTemplateData.Monitoring.Enabled":      {"true"}, // detailed: a datapoint a minute, not one every five
	}
	if len(t.tags) > 0 {
		form.Set("TagSpecification.1.ResourceType", "launch-template")
	}
	for i, key := range slices.Sorted(maps.Keys(t.tags)) {
		tag := fmt.Sprintf("TagSpecification.1.Tag.%d.", i+1)
		form.Set(tag+"Key", key)
		form.Set(tag+"Value", t.tags[key])
	}
	err := c.call(ctx, "CreateLaunchTemplate", form, &answer)
	return answer.ID, err
}

// subnet is a default subnet of the default VPC.
type subnet struct {
	ID  string `xml:"subnetId"`
	VPC string `xml:"vpcId"`
}

// defaultSubnets are one for each Availability Zone.
func (c ec2) defaultSubnets(ctx context.Context) ([]subnet, error) {
	var answer struct {
		Subnets []subnet `xml:"subnetSet>item"`
	}
	err := c.call(ctx, "DescribeSubnets", url.Values{"Filter.1.Name": {"default-for-az"}, "Filter.1.Value.1": {"true"}}, &answer)
	if err == nil && len(answer.Subnets) < 2 {
		err = fmt.Errorf("the account has %d default subnets, and a load balancer needs two; create a default VPC (aws ec2 create-default-vpc)", len(answer.Subnets))
	}
	return answer.Subnets, err
}

// call posts a signed form and decodes the answer.
func (c ec2) call(ctx context.Context, action string, form url.Values, answer any) error {
	form.Set("Action", action)
	form.Set("Version", ec2Version)
	body := form.Encode()
	endpoint := "https://ec2." + c.cfg.Region + ".amazonaws.com/"
	if c.cfg.BaseEndpoint != nil {
		endpoint = strings.TrimSuffix(*c.cfg.BaseEndpoint, "/") + "/"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if err := c.sign(ctx, request, body); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := c.send(request, answer); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

func (c ec2) sign(ctx context.Context, request *http.Request, body string) error {
	if c.cfg.Credentials == nil {
		return errors.New("no credentials configured")
	}
	credentials, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("retrieve credentials: %w", err)
	}
	digest := sha256.Sum256([]byte(body))
	return v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), "ec2", c.cfg.Region, time.Now())
}

// client is whichever HTTP client the SDK is configured with.
func (c ec2) client() aws.HTTPClient {
	if c.cfg.HTTPClient != nil {
		return c.cfg.HTTPClient
	}
	return &http.Client{Timeout: 30 * time.Second}
}

func (c ec2) send(request *http.Request, answer any) error {
	response, err := c.client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode == http.StatusOK {
		return xml.Unmarshal(body, answer)
	}
	var refused struct {
		Code    string `xml:"Errors>Error>Code"`
		Message string `xml:"Errors>Error>Message"`
	}
	if err := xml.Unmarshal(body, &refused); err != nil || refused.Code == "" {
		return fmt.Errorf("status %s", response.Status)
	}
	return fmt.Errorf("%s: %s", refused.Code, refused.Message)
}
