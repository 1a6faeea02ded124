package keys

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// defaultWindow is how long a key waits for its deletion, in days.
const defaultWindow = 30

func (k *Keys) enableKey(in *kms.EnableKeyInput, _ time.Time) (*kms.EnableKeyOutput, error) {
	return &kms.EnableKeyOutput{}, k.setState(in.KeyId, types.KeyStateEnabled)
}

func (k *Keys) disableKey(in *kms.DisableKeyInput, _ time.Time) (*kms.DisableKeyOutput, error) {
	return &kms.DisableKeyOutput{}, k.setState(in.KeyId, types.KeyStateDisabled)
}

func (k *Keys) setState(name *string, state types.KeyState) error {
	key, err := k.findAlive(name)
	if err == nil {
		key.state = state
	}
	return err
}

func (k *Keys) scheduleKeyDeletion(in *kms.ScheduleKeyDeletionInput, now time.Time) (*kms.ScheduleKeyDeletionOutput, error) {
	key, err := k.findByID(in.KeyId)
	if err != nil {
		return nil, err
	}
	days := int32(defaultWindow)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if err := checkRange(days, "pendingWindowInDays", 7, 30); err != nil {
		return nil, err
	}
	if key.state == types.KeyStatePendingDeletion {
		return nil, k.pendingDeletion(key)
	}
	key.state, key.deletion = types.KeyStatePendingDeletion, now.AddDate(0, 0, int(days))
	deletion := key.deletion // the answer is written once the lock is gone
	return &kms.ScheduleKeyDeletionOutput{KeyId: k.keyARN(key), KeyState: key.state, DeletionDate: &deletion, PendingWindowInDays: &days}, nil
}

// cancelKeyDeletion leaves the key disabled, as AWS does.
func (k *Keys) cancelKeyDeletion(in *kms.CancelKeyDeletionInput, _ time.Time) (*kms.CancelKeyDeletionOutput, error) {
	key, err := k.findByID(in.KeyId)
	if err != nil {
		return nil, err
	}
	if key.state != types.KeyStatePendingDeletion {
		return nil, fault("KMSInvalidStateException", "%s is not pending deletion.", *k.keyARN(key))
	}
	key.state = types.KeyStateDisabled
	return &kms.CancelKeyDeletionOutput{KeyId: k.keyARN(key)}, nil
}
