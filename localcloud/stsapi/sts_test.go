package stsapi_test

import (
	"testing"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

func TestTheAccountsUserIsWhoSigns(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.STS, apitest.Steps{
			{
				"its own credentials", "GetCallerIdentity",
				"Account=123456789012&Arn=arn:aws:iam::123456789012:user/secondwind&UserId=AIDASECONDWINDLOCAL00",
			},
			{"a parameter that there is not", "GetCallerIdentity&Colour=red", "ValidationError: The parameter Colour is not recognized"},
			{"an operation that there is not", "AssumeRole", "InvalidAction: The operation AssumeRole is not served here."},
		})
	})
}

// A role's session is named by its role.
func TestARoleIsWhoSigns(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		role := awsapi.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/web/i-1", ID: "AROA1:i-1"}
		w.As(role)
		w.Do(t, awsapi.STS, apitest.Steps{
			{"a role's credentials", "GetCallerIdentity", "Account=123456789012&Arn=" + role.ARN + "&UserId=" + role.ID},
		})
	})
}
