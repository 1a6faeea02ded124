package awsapi

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// unions lists the members of each union, all of them CloudWatch's: reflection cannot
// enumerate the types that satisfy an interface.
func unions() map[reflect.Type][]unionMember {
	return map[reflect.Type][]unionMember{
		reflect.TypeFor[types.EvaluationCriteria](): {
			{name: "PromQLCriteria", concrete: reflect.TypeFor[types.EvaluationCriteriaMemberPromQLCriteria]()},
		},
		reflect.TypeFor[types.EvaluationWindow](): {
			{name: "SlidingWindow", concrete: reflect.TypeFor[types.EvaluationWindowMemberSlidingWindow]()},
			{name: "WallClockWindow", concrete: reflect.TypeFor[types.EvaluationWindowMemberWallClockWindow]()},
		},
	}
}
