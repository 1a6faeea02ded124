// breaks: nothing but cmd/internal/awsconfig imports the SDK's config

package server

import (
	_ "github.com/aws/aws-sdk-go-v2/config"
)
