package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// rule says what is wrong with a known value; "" is nothing.
type rule func(tftypes.Value) string

var arn = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:.+$`)

// rulesOf are the rules of an attribute: those of its own, and those that its
// name says.
func rulesOf(typeName, attribute string) []rule {
	rules := slices.Clone(byAttribute[typeName+"."+attribute])
	last := attribute[strings.LastIndexByte(attribute, '.')+1:]
	if strings.HasSuffix(last, "_arn") || strings.HasSuffix(last, "_arns") || last == "arn" {
		rules = append(rules, isARN)
	}
	if last == "cidr_ipv4" || last == "cidr_block" || last == "destination_cidr_block" {
		rules = append(rules, isCIDR)
	}
	return rules
}

func text(v tftypes.Value) (string, bool) {
	var s string
	return s, v.As(&s) == nil
}

func matches(pattern *regexp.Regexp, wrong string) rule {
	return func(v tftypes.Value) string {
		if s, ok := text(v); ok && !pattern.MatchString(s) {
			return fmt.Sprintf("%s: %q", wrong, s)
		}
		return ""
	}
}

func oneOf(values ...string) rule {
	return func(v tftypes.Value) string {
		if s, ok := text(v); ok && !slices.Contains(values, s) {
			return fmt.Sprintf("is %q: use one of %s", s, strings.Join(values, ", "))
		}
		return ""
	}
}

func between(least, most int64) rule {
	return func(v tftypes.Value) string {
		var n big.Float
		if v.As(&n) != nil {
			s, ok := text(v)
			if _, number := n.SetString(s); !ok || !number {
				return ""
			}
		}
		if n.Cmp(new(big.Float).SetInt64(least)) < 0 || n.Cmp(new(big.Float).SetInt64(most)) > 0 {
			return fmt.Sprintf("is %s: it must be between %d and %d", n.String(), least, most)
		}
		return ""
	}
}

func longest(characters int) rule {
	return func(v tftypes.Value) string {
		if s, ok := text(v); ok && len(s) > characters {
			return fmt.Sprintf("has %d characters: at most %d are allowed", len(s), characters)
		}
		return ""
	}
}

func isJSON(v tftypes.Value) string {
	if s, ok := text(v); ok && !json.Valid([]byte(s)) {
		return "is not JSON"
	}
	return ""
}

func isCIDR(v tftypes.Value) string {
	s, ok := text(v)
	if prefix, err := netip.ParsePrefix(s); ok && (err != nil || prefix.Masked() != prefix) {
		return fmt.Sprintf("is not a CIDR block, or has bits set beyond its mask: %q", s)
	}
	return ""
}

// alarmPeriod is 10, 20, 30 or whole minutes.
func alarmPeriod(v tftypes.Value) string {
	var n big.Float
	if v.As(&n) != nil {
		return ""
	}
	if seconds, _ := n.Int64(); seconds != 10 && seconds != 20 && seconds != 30 && (seconds <= 0 || seconds%60 != 0) {
		return fmt.Sprintf("is %d: it must be 10, 20, 30 or a multiple of 60", seconds)
	}
	return ""
}

// isARN lets nothing pass for an ARN that is none, but the empty text.
func isARN(v tftypes.Value) string {
	if s, ok := text(v); ok && s != "" && !arn.MatchString(s) {
		return fmt.Sprintf("is not an ARN: %q", s)
	}
	return ""
}

// isName refuses the ARN of what has a name.
func isName(v tftypes.Value) string {
	if s, ok := text(v); ok && arn.MatchString(s) {
		return fmt.Sprintf("is an ARN, where the name belongs: %q", s)
	}
	return ""
}

// isTime wants seconds and UTC, as a scheduled action does.
func isTime(v tftypes.Value) string {
	s, ok := text(v)
	if _, err := time.Parse("2006-01-02T15:04:05Z", s); ok && err != nil {
		return fmt.Sprintf("is not a time such as 2026-11-26T09:00:00Z: %q", s)
	}
	return ""
}
