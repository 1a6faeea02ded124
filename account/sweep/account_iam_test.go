package sweep_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// iamLists are IAM's lists: where the items stand, and what each has. Source: IAM
// API Reference.
var iamLists = map[string]struct{ kind, open, item string }{
	"ListInstanceProfiles": {"instance-profile", "InstanceProfiles", "<InstanceProfileName>%[1]s</InstanceProfileName><Arn>%[2]s</Arn>"},
	"ListRoles":            {"role", "Roles", "<RoleName>%[1]s</RoleName><Arn>%[2]s</Arn>"},
	"ListPolicies":         {"policy", "Policies", "<PolicyName>%[1]s</PolicyName><Arn>%[2]s</Arn>"},
}

// iamTagged are the lists of tags, with the parameter that says whose.
var iamTagged = map[string]string{
	"ListInstanceProfileTags": "InstanceProfileName", "ListRoleTags": "RoleName", "ListPolicyTags": "PolicyArn",
}

// iamRemovals are the calls that end something.
var iamRemovals = map[string]string{
	"DeleteInstanceProfile": "InstanceProfileName", "DeleteRole": "RoleName", "DeletePolicy": "PolicyArn",
}

// iamParts are what each thing has that must go before it: "list" answers it,
// "remove" ends it.
var iamParts = map[string]string{
	"GetInstanceProfile": "<InstanceProfile><InstanceProfileName>p</InstanceProfileName>" +
		"<Roles><member><RoleName>its-role</RoleName></member></Roles></InstanceProfile>",
	"ListRolePolicies": "<PolicyNames><member>in-line</member></PolicyNames>",
	"ListAttachedRolePolicies": "<AttachedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/attached</PolicyArn></member>" +
		"</AttachedPolicies>",
	"ListPolicyVersions": "<Versions><member><VersionId>v1</VersionId><IsDefaultVersion>false</IsDefaultVersion></member>" +
		"<member><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion></member></Versions>",
}

// iamSteps are the removals of those parts, with the parameter that says of which.
var iamSteps = map[string]string{
	"RemoveRoleFromInstanceProfile": "InstanceProfileName", "DeleteRolePolicy": "RoleName", "DetachRolePolicy": "RoleName",
	"DeletePolicyVersion": "PolicyArn",
}

// iam answers IAM; it tells whether the action is one of IAM's.
func (a *account) iam(w http.ResponseWriter, form url.Values) bool {
	action := form.Get("Action")
	result := func(body string) {
		fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, body)
	}
	if list, ok := iamLists[action]; ok {
		result("<" + list.open + ">" + a.members(list.kind, list.item) + "</" + list.open + ">")
		return true
	}
	if parameter, ok := iamTagged[action]; ok {
		var b strings.Builder
		for k, v := range a.have[a.iamARN(form.Get(parameter))] {
			fmt.Fprintf(&b, "<member><Key>%s</Key><Value>%s</Value></member>", k, v)
		}
		result("<Tags>" + b.String() + "</Tags>")
		return true
	}
	if body, ok := iamParts[action]; ok {
		result(body)
		return true
	}
	if parameter, ok := iamSteps[action]; ok {
		a.removed = append(a.removed, action+" "+a.iamARN(form.Get(parameter)))
		result("")
		return true
	}
	parameter, ok := iamRemovals[action]
	if !ok {
		return false
	}
	if code := a.take(a.iamARN(form.Get(parameter))); code != "" {
		w.WriteHeader(409)
		fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>not now</Message></Error></ErrorResponse>", code)
		return true
	}
	result("")
	return true
}

// members are the items of a list of IAM.
func (a *account) members(kind, item string) string {
	var arns []string
	for arn := range a.have {
		if strings.Contains(arn, ":"+kind+"/") {
			arns = append(arns, arn)
		}
	}
	slices.Sort(arns)
	var b strings.Builder
	for _, arn := range arns {
		fmt.Fprintf(&b, "<member>"+item+"</member>", arn[strings.LastIndex(arn, "/")+1:], arn)
	}
	return b.String()
}

// iamARN finds what has a name in IAM; an ARN is one already.
func (a *account) iamARN(name string) string {
	for arn := range a.have {
		if arn == name || strings.HasPrefix(arn, "arn:aws:iam:") && strings.HasSuffix(arn, "/"+name) {
			return arn
		}
	}
	return name
}
