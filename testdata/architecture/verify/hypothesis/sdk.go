// breaks: verify/hypothesis imports the standard library and runlog only
package hypothesis

import _ "github.com/aws/aws-sdk-go-v2/aws"
