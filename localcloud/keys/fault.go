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
	maxTags        = 50
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

// constraint refuses a member in AWS's words.
func constraint(member, format string, args ...any) *awsapi.Error {
	return validation("1 validation error detected: Value at '%s' failed to satisfy constraint: %s", member, fmt.Sprintf(format, args...))
}

func missing(member string) *awsapi.Error {
	return validation("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// notServed refuses what the local KMS does not have: a setting that is accepted
// and ignored would make keys something else than their owner believes.
func notServed(what string) *awsapi.Error {
	return fault("UnsupportedOperationException", "%s: the local cloud does not serve this; leave it out or use AWS", what)
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// page returns the part of all, which is sorted, that comes at or after the
// marker, and the marker of the next part.
func page(all []string, limit *int32, marker *string, most int32) (part []string, next *string, err error) {
	size := int32(100)
	if most < size {
		size = most
	}
	if limit != nil {
		size = *limit
	}
	if size < 1 || size > most {
		return nil, nil, constraint("limit", "Member must have value between 1 and %d", most)
	}
	if marker != nil {
		i, found := slices.BinarySearch(all, *marker)
		if !found {
			return nil, nil, fault("InvalidMarkerException", "The marker is not one that an earlier answer gave, or what it named is gone.")
		}
		all = all[i:]
	}
	if len(all) > int(size) {
		return all[:size], &all[size], nil
	}
	return all, nil, nil
}
