package sweep_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// account is an AWS account of those services that the local cloud does not have.
// It is a hostile one: it lists everything, whatever the filters say.
type account struct {
	t  *testing.T
	mu sync.Mutex
	// have are tags by ARN, or by EC2 id.
	have map[string]map[string]string
	// removed are the ids of the removals that were served, in their order.
	removed []string
	// refuse are the errors that a removal answers, one after the other, by id.
	refuse map[string][]string
	denied string // an action that is refused to list
	stale  bool   // the tagging API names what is gone, too
	gone   map[string]map[string]string
}

const (
	arnBase  = "arn:aws:%s:eu-north-1:123456789012:%s"
	globally = "arn:aws:%s::123456789012:%s"
)

// idsOf are the resources of one stack, each with a suffix.
func idsOf(suffix string) []string {
	ids := []string{}
	for _, prefix := range []string{"i-", "lt-", "ami-", "snap-", "vol-", "eni-", "sgr-", "sg-", "igw-", "subnet-", "rtb-", "vpc-"} {
		ids = append(ids, prefix+suffix)
	}
	return append(ids,
		"arn:aws:s3:::bucket-"+suffix,
		fmt.Sprintf(arnBase, "sns", "topic-"+suffix),
		fmt.Sprintf(arnBase, "logs", "log-group:/secondwind/"+suffix),
		fmt.Sprintf(arnBase, "ssm", "association/association-"+suffix),
		fmt.Sprintf(globally, "iam", "instance-profile/secondwind/profile-"+suffix+"-instance"),
		fmt.Sprintf(globally, "iam", "role/secondwind/role-"+suffix+"-instance"),
		fmt.Sprintf(globally, "iam", "policy/policy-"+suffix+"-verifier"),
		fmt.Sprintf(arnBase, "kms", "key/key-"+suffix),
	)
}

func newAccount(t *testing.T) (*account, aws.Config) {
	t.Helper()
	a := &account{t: t, have: map[string]map[string]string{}, gone: map[string]map[string]string{}, refuse: map[string][]string{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, aws.Config{
		Region: "eu-north-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
}

func (a *account) add(tags map[string]string, ids ...string) {
	for _, id := range ids {
		a.have[id] = tags
	}
}

// ServeHTTP answers as the service that is asked does.
func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	target := r.Header.Get("X-Amz-Target")
	service, operation, _ := strings.Cut(target, ".")
	switch {
	case service == "ResourceGroupsTaggingAPI_20170126":
		a.tagging(w)
	case service == "TrentService":
		a.kms(w, operation, body)
	case service == "CloudApiService":
		a.control(w, operation, body)
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(body))
		if err != nil {
			a.t.Error(err)
		}
		a.form(w, form)
	default:
		a.s3(w, r)
	}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (a *account) tagging(w http.ResponseWriter) {
	list := []map[string]any{}
	add := func(all map[string]map[string]string) {
		for id, tags := range all {
			// IAM is not in the tagging API.
			if !strings.HasPrefix(id, "arn:") || strings.HasPrefix(id, "arn:aws:iam:") {
				continue
			}
			m := map[string]any{"ResourceARN": id, "Tags": []map[string]string{}}
			for k, v := range tags {
				m["Tags"] = append(m["Tags"].([]map[string]string), map[string]string{"Key": k, "Value": v})
			}
			list = append(list, m)
		}
	}
	add(a.have)
	if a.stale {
		add(a.gone)
	}
	answerJSON(w, 200, map[string]any{"PaginationToken": "", "ResourceTagMappingList": list})
}

// take removes what was asked for, unless an error is due; it answers its code.
func (a *account) take(id string) (code string) {
	if errors := a.refuse[id]; len(errors) > 0 {
		a.refuse[id] = errors[1:]
		return errors[0]
	}
	if _, ok := a.have[id]; !ok {
		a.t.Errorf("the removal of %q, which is not there", id)
	}
	a.removed = append(a.removed, id)
	a.gone[id] = a.have[id]
	delete(a.have, id)
	return ""
}

func (a *account) kms(w http.ResponseWriter, operation string, body []byte) {
	var in struct{ KeyId, AliasName string }
	if err := json.Unmarshal(body, &in); err != nil {
		a.t.Error(err)
	}
	switch operation {
	case "DescribeKey":
		metadata := map[string]any{"KeyId": in.KeyId, "KeyState": "Enabled"}
		if a.gone[in.KeyId] != nil {
			metadata["KeyState"], metadata["DeletionDate"] = "PendingDeletion", 1.9e9
		}
		answerJSON(w, 200, map[string]any{"KeyMetadata": metadata})
	case "ListResourceTags":
		list := []map[string]string{}
		tags := a.have[in.KeyId]
		if a.gone[in.KeyId] != nil {
			tags = a.gone[in.KeyId]
		}
		for k, v := range tags {
			list = append(list, map[string]string{"TagKey": k, "TagValue": v})
		}
		answerJSON(w, 200, map[string]any{"Tags": list})
	case "ListAliases":
		answerJSON(w, 200, map[string]any{"Aliases": []map[string]string{{"AliasName": "alias/of-" + in.KeyId}}})
	case "DeleteAlias":
		a.removed = append(a.removed, in.AliasName)
		answerJSON(w, 200, map[string]any{})
	case "ScheduleKeyDeletion":
		if code := a.take(in.KeyId); code != "" {
			answerJSON(w, 400, map[string]string{"__type": code})
			return
		}
		answerJSON(w, 200, map[string]any{"KeyId": in.KeyId})
	default:
		a.t.Errorf("kms:%s was asked", operation)
	}
}

// control knows resources by the identifiers of CloudFormation.
func (a *account) control(w http.ResponseWriter, operation string, body []byte) {
	var in struct{ TypeName, Identifier, RequestToken string }
	if err := json.Unmarshal(body, &in); err != nil {
		a.t.Error(err)
	}
	arn := ""
	for id := range a.have {
		ends := strings.HasSuffix(id, "/"+in.Identifier) || strings.HasSuffix(id, ":"+in.Identifier)
		if id == in.Identifier || strings.HasPrefix(id, "arn:") && ends {
			arn = id
		}
	}
	switch {
	case operation == "GetResourceRequestStatus":
		answerJSON(w, 200, map[string]any{"ProgressEvent": map[string]string{"OperationStatus": "SUCCESS"}})
	case arn == "":
		answerJSON(w, 400, map[string]string{"__type": "com.amazonaws.cloudformation#ResourceNotFoundException", "Message": "gone"})
	case operation == "GetResource":
		answerJSON(w, 200, map[string]any{"TypeName": in.TypeName})
	case operation == "DeleteResource":
		if code := a.take(arn); code != "" {
			failed := map[string]string{"OperationStatus": "FAILED", "ErrorCode": code, "StatusMessage": "not now"}
			answerJSON(w, 200, map[string]any{"ProgressEvent": failed})
			return
		}
		answerJSON(w, 200, map[string]any{"ProgressEvent": map[string]string{"OperationStatus": "SUCCESS"}})
	default:
		a.t.Errorf("cloudformation:%s was asked", operation)
	}
}

// lists are the answers of EC2: what stands around the items, and what each has.
// Source: Amazon EC2 API Reference.
var lists = map[string]struct{ prefix, open, item, close string }{
	"DescribeInstances": {
		"i-", "<reservationSet><item><instancesSet>", "<instanceId>%s</instanceId>", "</instancesSet></item></reservationSet>",
	},
	"DescribeLaunchTemplates":   {"lt-", "<launchTemplates>", "<launchTemplateId>%s</launchTemplateId>", "</launchTemplates>"},
	"DescribeImages":            {"ami-", "<imagesSet>", "<imageId>%s</imageId>", "</imagesSet>"},
	"DescribeSnapshots":         {"snap-", "<snapshotSet>", "<snapshotId>%s</snapshotId>", "</snapshotSet>"},
	"DescribeVolumes":           {"vol-", "<volumeSet>", "<volumeId>%s</volumeId>", "</volumeSet>"},
	"DescribeNetworkInterfaces": {"eni-", "<networkInterfaceSet>", "<networkInterfaceId>%s</networkInterfaceId>", "</networkInterfaceSet>"},
	"DescribeSecurityGroupRules": {
		"sgr-", "<securityGroupRuleSet>",
		"<securityGroupRuleId>%s</securityGroupRuleId><groupId>sg-of-rule</groupId><isEgress>true</isEgress>", "</securityGroupRuleSet>",
	},
	"DescribeSecurityGroups": {"sg-", "<securityGroupInfo>", "<groupId>%s</groupId>", "</securityGroupInfo>"},
	"DescribeInternetGateways": {
		"igw-", "<internetGatewaySet>",
		"<internetGatewayId>%s</internetGatewayId><attachmentSet><item><vpcId>vpc-of-gateway</vpcId></item></attachmentSet>",
		"</internetGatewaySet>",
	},
	"DescribeSubnets":     {"subnet-", "<subnetSet>", "<subnetId>%s</subnetId>", "</subnetSet>"},
	"DescribeRouteTables": {"rtb-", "<routeTableSet>", "<routeTableId>%s</routeTableId>", "</routeTableSet>"},
	"DescribeVpcs":        {"vpc-", "<vpcSet>", "<vpcId>%s</vpcId>", "</vpcSet>"},
}

// removals are EC2's calls that end something, with the parameter that says what.
var removals = map[string]string{
	"TerminateInstances": "InstanceId.1", "DeleteLaunchTemplate": "LaunchTemplateId", "DeregisterImage": "ImageId",
	"DeleteSnapshot": "SnapshotId", "DeleteVolume": "VolumeId", "DeleteNetworkInterface": "NetworkInterfaceId",
	"RevokeSecurityGroupEgress": "SecurityGroupRuleId.1", "DeleteSecurityGroup": "GroupId",
	"DeleteInternetGateway": "InternetGatewayId", "DeleteSubnet": "SubnetId", "DeleteRouteTable": "RouteTableId", "DeleteVpc": "VpcId",
}

// form answers Auto Scaling and ELBv2, which have nothing, and EC2.
func (a *account) form(w http.ResponseWriter, form url.Values) {
	action := form.Get("Action")
	list, lists := lists[action]
	parameter, removal := removals[action]
	switch {
	case action == a.denied:
		refuseForm(w, "UnauthorizedOperation")
	case a.iam(w, form):
	case lists:
		fmt.Fprintf(w, "<%sResponse>%s", action, list.open)
		for _, id := range a.withPrefix(list.prefix) {
			fmt.Fprintf(w, "<item>"+list.item+"<tagSet>", id)
			for k, v := range a.have[id] {
				fmt.Fprint(w, "<item><key>")
				_ = xml.EscapeText(w, []byte(k))
				fmt.Fprint(w, "</key><value>")
				_ = xml.EscapeText(w, []byte(v))
				fmt.Fprint(w, "</value></item>")
			}
			fmt.Fprint(w, "</tagSet></item>")
		}
		fmt.Fprintf(w, "%s</%sResponse>", list.close, action)
	case removal:
		if code := a.take(form.Get(parameter)); code != "" {
			refuseForm(w, code)
			return
		}
		fmt.Fprintf(w, "<%sResponse><return>true</return></%sResponse>", action, action)
	case action == "DetachInternetGateway" && form.Get("VpcId") == "vpc-of-gateway":
		fmt.Fprint(w, "<DetachInternetGatewayResponse/>")
	case strings.HasPrefix(action, "Describe"):
		fmt.Fprintf(w, "<%sResponse><%sResult></%sResult></%sResponse>", action, action, action, action)
	default:
		a.t.Errorf("%s was asked: %v", action, form)
	}
}

func (a *account) withPrefix(prefix string) (ids []string) {
	for id := range a.have {
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func refuseForm(w http.ResponseWriter, code string) {
	w.WriteHeader(400)
	fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>not now</Message></Error></Errors></Response>", code)
}

// s3 has two versions of an object and a delete marker in each bucket.
func (a *account) s3(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	arn := "arn:aws:s3:::" + name
	tags, ok := a.have[arn]
	_, tagging := r.URL.Query()["tagging"]
	_, versions := r.URL.Query()["versions"]
	_, remove := r.URL.Query()["delete"]
	switch {
	case !ok:
		w.WriteHeader(404)
		fmt.Fprint(w, "<Error><Code>NoSuchBucket</Code></Error>")
	case r.Method == http.MethodGet && tagging:
		fmt.Fprint(w, "<Tagging><TagSet>")
		for k, v := range tags {
			fmt.Fprintf(w, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", k, v)
		}
		fmt.Fprint(w, "</TagSet></Tagging>")
	case r.Method == http.MethodGet && versions:
		fmt.Fprint(w, "<ListVersionsResult>"+
			"<Version><Key>calculator</Key><VersionId>1</VersionId></Version><Version><Key>calculator</Key><VersionId>2</VersionId></Version>"+
			"<DeleteMarker><Key>old</Key><VersionId>3</VersionId></DeleteMarker></ListVersionsResult>")
	case r.Method == http.MethodPost && remove:
		a.removed = append(a.removed, "versions of "+name)
		fmt.Fprint(w, "<DeleteResult></DeleteResult>")
	case r.Method == http.MethodDelete:
		if code := a.take(arn); code != "" {
			w.WriteHeader(409)
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			return
		}
		w.WriteHeader(204)
	default:
		a.t.Errorf("s3: %s %s was asked", r.Method, r.URL)
	}
}
