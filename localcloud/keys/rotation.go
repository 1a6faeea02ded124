package keys

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// rotation is when a key gets new material by itself.
type rotation struct {
	enabled bool
	days    int32     // period; kept while it is off
	next    time.Time // when it is due
}

// defaultPeriod is AWS's, in days.
const defaultPeriod = 365

// rotateWhenDue gives the key new material for every period that has passed. A
// key that is disabled rotates once it is enabled again.
func (k *key) rotateWhenDue(now time.Time) {
	for k.rotation.enabled && k.state == types.KeyStateEnabled && !now.Before(k.rotation.next) {
		k.material = append(k.material, newMaterial(k.rotation.next, types.RotationTypeAutomatic))
		k.rotation.next = k.rotation.next.AddDate(0, 0, int(k.rotation.days))
	}
}

func (k *Keys) enableKeyRotation(in *kms.EnableKeyRotationInput, now time.Time) (*kms.EnableKeyRotationOutput, error) {
	key, err := k.findByID(in.KeyId)
	if err != nil {
		return nil, err
	}
	days := int32(defaultPeriod)
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if err := cmp.Or(checkRange(days, "rotationPeriodInDays", 90, 2560), k.usable(key)); err != nil {
		return nil, err
	}
	key.rotation = rotation{enabled: true, days: days, next: now.AddDate(0, 0, int(days))}
	return &kms.EnableKeyRotationOutput{}, nil
}

func (k *Keys) disableKeyRotation(in *kms.DisableKeyRotationInput, _ time.Time) (*kms.DisableKeyRotationOutput, error) {
	key, err := k.findUsable(k.findByID, in.KeyId)
	if err != nil {
		return nil, err
	}
	key.rotation.enabled = false
	return &kms.DisableKeyRotationOutput{}, nil
}

func (k *Keys) getKeyRotationStatus(in *kms.GetKeyRotationStatusInput, _ time.Time) (*kms.GetKeyRotationStatusOutput, error) {
	key, err := k.findByID(in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &kms.GetKeyRotationStatusOutput{KeyId: k.keyARN(key), KeyRotationEnabled: key.rotation.enabled}
	if r := key.rotation; r.enabled {
		out.RotationPeriodInDays = &r.days
		if key.state == types.KeyStateEnabled {
			out.NextRotationDate = &r.next
		}
	}
	return out, nil
}

func (k *Keys) rotateKeyOnDemand(in *kms.RotateKeyOnDemandInput, now time.Time) (*kms.RotateKeyOnDemandOutput, error) {
	key, err := k.findUsable(k.findByID, in.KeyId)
	if err != nil {
		return nil, err
	}
	asked := 0
	for _, m := range key.material {
		if m.how == types.RotationTypeOnDemand {
			asked++
		}
	}
	if asked >= maxOnDemand {
		return nil, fault("LimitExceededException", "The key was rotated on demand %d times, the most that is allowed.", asked)
	}
	key.material = append(key.material, newMaterial(now, types.RotationTypeOnDemand))
	return &kms.RotateKeyOnDemandOutput{KeyId: k.keyARN(key)}, nil
}

// listKeyRotations lists the rotations, oldest first.
func (k *Keys) listKeyRotations(in *kms.ListKeyRotationsInput, _ time.Time) (*kms.ListKeyRotationsOutput, error) {
	key, err := k.findByID(in.KeyId)
	if err != nil {
		return nil, err
	}
	listed := key.material
	if in.IncludeKeyMaterial != types.IncludeKeyMaterialAllKeyMaterial {
		listed = listed[1:] // the first material came with the key, by no rotation
	}
	ids := make([]string, len(listed))
	for i, m := range listed {
		ids[i] = m.id
	}
	part, next, err := page(ids, in.Limit, in.Marker, 1000)
	if err != nil {
		return nil, err
	}
	out := &kms.ListKeyRotationsOutput{NextMarker: next, Truncated: next != nil}
	for _, m := range listed {
		if !slices.Contains(part, m.id) {
			continue
		}
		entry := types.RotationsListEntry{
			KeyId: k.keyARN(key), KeyMaterialId: &m.id, KeyMaterialState: types.KeyMaterialStateNonCurrent, RotationType: m.how,
		}
		if m.how != "" {
			entry.RotationDate = aws.Time(m.from)
		}
		if m.id == key.current().id {
			entry.KeyMaterialState = types.KeyMaterialStateCurrent
		}
		out.Rotations = append(out.Rotations, entry)
	}
	return out, nil
}
