package sweep

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"secondwind/account/ec2form"
)

// Config is what a Sweeper is made of; AWS is needed.
type Config struct {
	AWS    aws.Config
	Select Selection
	// Interval is how often what is going is looked at; 0 is 10 s.
	Interval time.Duration
	// Timeout is how long Remove and Wait go on; 0 is 20 minutes: a load
	// balancer's interfaces and a group's instances take that long at worst.
	Timeout time.Duration
	Report  func(line string) // what is under way; nil: to nobody
}

// Sweeper looks for what runs left. It keeps nothing between calls.
type Sweeper struct {
	cfg     Config
	ec2     ec2form.Client
	groups  *autoscaling.Client
	alarms  *cloudwatch.Client
	elb     *elb.Client
	iam     *iam.Client
	keys    *kms.Client
	buckets *s3.Client
}

// New returns a Sweeper.
func New(cfg Config) *Sweeper {
	cfg.Interval, cfg.Timeout = cmp.Or(cfg.Interval, 10*time.Second), cmp.Or(cfg.Timeout, 20*time.Minute)
	if cfg.Report == nil {
		cfg.Report = func(string) {}
	}
	return &Sweeper{
		cfg: cfg, ec2: ec2form.Client{AWS: cfg.AWS}, groups: autoscaling.NewFromConfig(cfg.AWS), alarms: cloudwatch.NewFromConfig(cfg.AWS),
		elb: elb.NewFromConfig(cfg.AWS), iam: iam.NewFromConfig(cfg.AWS), keys: kms.NewFromConfig(cfg.AWS), buckets: s3.NewFromConfig(cfg.AWS),
	}
}

// thing is a resource as its own service describes it, whosever it is.
type thing struct {
	id    string
	tags  map[string]string
	going string // see Resource.Going
}

// tagged are the tags of resources, by ARN.
type tagged map[string]map[string]string

// The stages of removal: what is in one may need what is in a later one.
const (
	stageUsers   = iota // what uses the rest: groups, load balancers, instances
	stageUsed           // target groups, templates, images, topics, buckets
	stageParts          // snapshots of images, rules of security groups, roles
	stageNetwork        // security groups, gateways
	stageSubnets
	stageRoutes
	stageVPC
	stageLast // keys: everything above may be encrypted with one
)

// kind is a kind of resource.
type kind struct {
	name  string
	types []string // whose ARNs it answers for
	stage int
	// list asks the service what is there; candidates are what the tagging API
	// named of the kind's types.
	list   func(ctx context.Context, candidates tagged) ([]thing, error)
	remove func(ctx context.Context, id string) error
}

// kinds are all kinds that terraform/ can make, in the order of their removal.
func (s *Sweeper) kinds() []kind {
	all := slices.Concat([]kind{
		{"Auto Scaling group", []string{"autoscaling:autoScalingGroup"}, stageUsers, s.listGroups, s.removeGroup},
		{"CloudWatch alarm", []string{"cloudwatch:alarm"}, stageUsers, s.listAlarms, s.removeAlarm},
		{"load balancer", []string{
			"elasticloadbalancing:loadbalancer", "elasticloadbalancing:listener", "elasticloadbalancing:listener-rule",
		}, stageUsers, s.listLoadBalancers, s.removeLoadBalancer},
		{"target group", []string{"elasticloadbalancing:targetgroup"}, stageUsed, s.listTargetGroups, s.removeTargetGroup},
		{"instance profile", []string{"iam:instance-profile"}, stageUsed, s.listProfiles, s.removeProfile},
		{"IAM role", []string{"iam:role"}, stageParts, s.listRoles, s.removeRole},
		{"IAM policy", []string{"iam:policy"}, stageNetwork, s.listPolicies, s.removePolicy},
		{"S3 bucket", []string{"s3"}, stageUsed, s.listBuckets, s.removeBucket},
		{"KMS key", []string{"kms:key"}, stageLast, s.listKeys, s.removeKey},
		{"unsupported resource", nil, stageLast, listUnsupported, func(context.Context, string) error { return errUnsupported }},
	}, s.ec2Kinds(), s.controlledKinds())
	slices.SortStableFunc(all, func(a, b kind) int { return a.stage - b.stage })
	return all
}

// Find looks for everything that is selected. Its error is that of ctx, or that
// the account cannot be asked at all.
func (s *Sweeper) Find(ctx context.Context) (Found, error) {
	found := Found{Region: s.cfg.AWS.Region, Resources: []Resource{}, Kinds: []string{}}
	named, err := s.named(ctx)
	if err != nil {
		return found, err
	}
	all := s.kinds()
	for _, k := range all {
		things, err := k.list(ctx, candidates(k, all, named))
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		if unserved(err) { // what cannot be made there cannot be left there
			continue
		}
		found.Kinds = append(found.Kinds, k.name)
		if err != nil {
			found.Unseen = append(found.Unseen, Unseen{k.name, err.Error()})
		}
		slices.SortFunc(things, func(a, b thing) int { return strings.Compare(a.id, b.id) })
		for _, t := range things {
			if r, ok := s.cfg.Select.selects(t.tags); ok {
				r.Kind, r.ID, r.Going = k.name, t.id, t.going
				found.Resources = append(found.Resources, r)
			}
		}
	}
	return found, nil
}

// candidates are those of a kind's types; a kind without types takes what no
// other one answers for.
func candidates(k kind, all []kind, named tagged) tagged {
	mine := maps.Clone(named)
	maps.DeleteFunc(mine, func(arn string, _ map[string]string) bool {
		if len(k.types) > 0 {
			return !slices.Contains(k.types, typeOf(arn))
		}
		return slices.ContainsFunc(all, func(other kind) bool { return slices.Contains(other.types, typeOf(arn)) })
	})
	return mine
}
