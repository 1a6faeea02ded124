package keys

import (
	"fmt"
	"slices"

	"secondwind/localcloud/awsapi"
)

// The limits of AWS KMS. Source: AWS KMS API Reference; Developer Guide, "Quotas".
const (
	maxPlaintext   = 4096 // bytes
	maxCiphertext  = 6144 // bytes
	maxContext     = 8192 // bytes, names and values together
	maxDescription = 8192
	maxKeyID       = 2048
	maxTags        = 50
	maxTagKey      = 128
	maxTagValue    = 256
	maxAlias       = 256
	maxAliases     = 50 // of one key
	maxDataKey     = 1024
	maxOnDemand    = 25 // rotations of one key
)

func fault(code, format string, args ...any) *awsapi.Error {
	return &awsapi.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func validation(format string, args ...any) *awsapi.Error {
	return fault("ValidationException", format, args...)
}

// constraint refuses a member in AWS's words. value is as they show it, with its
// quotes; "" leaves out one that is secret.
func constraint(value, member, format string, args ...any) *awsapi.Error {
	if value != "" {
		value = " " + value
	}
	return validation(
		"1 validation error detected: Value%s at '%s' failed to satisfy constraint: %s", value, member, fmt.Sprintf(format, args...),
	)
}

// checkRange refuses a number that is too small or too large.
func checkRange(n int32, member string, least, most int32) error {
	value := fmt.Sprintf("'%d'", n)
	switch {
	case n < least:
		return constraint(value, member, "Member must have value greater than or equal to %d", least)
	case n > most:
		return constraint(value, member, "Member must have value less than or equal to %d", most)
	}
	return nil
}

// checkLength refuses a blob that is missing, empty or too large.
func checkLength(blob []byte, member string, most int) error {
	switch {
	case blob == nil:
		return missing(member)
	case len(blob) == 0:
		return constraint("", member, "Member must have length greater than or equal to 1")
	case len(blob) > most:
		return constraint("", member, "Member must have length less than or equal to %d", most)
	}
	return nil
}

func missing(member string) *awsapi.Error {
	return constraint("null", member, "Member must not be null")
}

// notServed refuses what the local KMS does not have: a setting that is accepted
// and ignored would make keys something else than their owner believes.
func notServed(what string) *awsapi.Error {
	return fault("UnsupportedOperationException", "%s: the local cloud does not serve this; leave it out or use AWS", what)
}

// page returns the part of all that begins with the marker, and the marker of the
// next part; most is the largest limit.
func page(all []string, limit *int32, marker *string, most int32) (part []string, next *string, err error) {
	size := min(100, most)
	if limit != nil {
		size = *limit
	}
	if err := checkRange(size, "limit", 1, most); err != nil {
		return nil, nil, err
	}
	if marker != nil {
		i := slices.Index(all, *marker)
		if i < 0 {
			return nil, nil, fault("InvalidMarkerException", "The marker is not one that an earlier answer gave, or what it named is gone.")
		}
		all = all[i:]
	}
	if len(all) > int(size) {
		return all[:size], &all[size], nil
	}
	return all, nil, nil
}
