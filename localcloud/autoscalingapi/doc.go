// Package autoscalingapi serves Amazon EC2 Auto Scaling. Of the state it needs the
// engine (groups, policies, activities), the tags of groups, and, to check what a
// group names, launch templates, subnets and target groups.
package autoscalingapi
