package keys_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const nobody = "11111111-2222-4333-8444-555555555555" // the id of no key

func describe(name string) call {
	return func(ctx context.Context, s service) error {
		_, err := s.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name})
		return err
	}
}

func encrypt(in kms.EncryptInput) call {
	return func(ctx context.Context, s service) error {
		if in.KeyId == nil {
			in.KeyId = aws.String(s.newKey())
		}
		_, err := s.Encrypt(ctx, &in)
		return err
	}
}

func dataKey(in kms.GenerateDataKeyInput) call {
	return func(ctx context.Context, s service) error {
		in.KeyId = aws.String(s.newKey())
		_, err := s.GenerateDataKey(ctx, &in)
		return err
	}
}

func createAlias(name string) call {
	return func(ctx context.Context, s service) error {
		_, err := s.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: aws.String(s.newKey())})
		return err
	}
}

func createKey(in kms.CreateKeyInput) call {
	return func(ctx context.Context, s service) error { _, err := s.CreateKey(ctx, &in); return err }
}

func rotateEvery(days int32) call {
	return func(ctx context.Context, s service) error {
		_, err := s.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: aws.String(s.newKey()), RotationPeriodInDays: &days})
		return err
	}
}

func scheduleIn(days int32) call {
	return func(ctx context.Context, s service) error {
		_, err := s.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(s.newKey()), PendingWindowInDays: &days})
		return err
	}
}

// The words are those that AWS answered with where they were recorded.
func TestWhatIsRefusedInAWSsWords(t *testing.T) {
	t.Parallel()
	const invalid = "ValidationException: 1 validation error detected: Value"
	for name, test := range map[string]struct {
		call call
		want string
	}{
		"a key that is not there": {describe(nobody), "NotFoundException: Key '" + arn("key/"+nobody) + "' does not exist"},
		"a key that is not there, by ARN": {
			describe(arn("key/" + nobody)), "NotFoundException: Key '" + arn("key/"+nobody) + "' does not exist",
		},
		"an id that is none": {describe("fake-key-id"), "NotFoundException: Invalid keyId 'fake-key-id'"},
		"an id without its dashes": {
			describe("134f2428cec14b25a1ae9048164dba47"), "NotFoundException: Invalid keyId '134f2428cec14b25a1ae9048164dba47'",
		},
		"an alias that is not there": {describe("alias/nothing"), "NotFoundException: Alias " + arn("alias/nothing") + " is not found."},
		"an ARN of another service":  {describe("arn:aws:s3:::bucket"), "InvalidArnException: Invalid arn arn:aws:s3:::bucket"},
		"an ARN of another Region": {
			describe("arn:aws:kms:eu-west-1:" + account + ":key/" + nobody), "NotFoundException: Invalid arn eu-west-1",
		},
		"an ARN of another account": {describe("arn:aws:kms:" + region + ":999999999999:key/" + nobody), "AccessDeniedException: "},
		"an empty id": {
			describe(""), invalid + " '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		"an id of 2049 characters": {describe(strings.Repeat("k", 2049)), invalid + " '"},
		"plaintext of 4097 bytes": {
			encrypt(kms.EncryptInput{Plaintext: make([]byte, 4097)}),
			invalid + " at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
		},
		"empty plaintext": {
			encrypt(kms.EncryptInput{Plaintext: []byte{}}),
			invalid + " at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		"an algorithm of another kind of key": {
			encrypt(kms.EncryptInput{Plaintext: []byte("x"), EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1}),
			"InvalidKeyUsageException: Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.",
		},
		"an encryption context of 8193 bytes": {
			encrypt(kms.EncryptInput{Plaintext: []byte("x"), EncryptionContext: map[string]string{"k": strings.Repeat("v", 8192)}}),
			"ValidationException: ",
		},
		"encryption that would have worked": {
			encrypt(kms.EncryptInput{Plaintext: []byte("x"), DryRun: aws.Bool(true)}),
			"DryRunOperationException: The request would have succeeded, but the DryRun option is set.",
		},
		"a data key of no size": {
			dataKey(kms.GenerateDataKeyInput{}), "ValidationException: Please specify either number of bytes or key spec.",
		},
		"a data key of two sizes": {
			dataKey(kms.GenerateDataKeyInput{NumberOfBytes: aws.Int32(32), KeySpec: types.DataKeySpecAes256}),
			"ValidationException: Please specify either number of bytes or key spec.",
		},
		"a data key of 1025 bytes": {
			dataKey(kms.GenerateDataKeyInput{NumberOfBytes: aws.Int32(1025)}),
			invalid + " '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
		},
		"a data key of 0 bytes": {
			dataKey(kms.GenerateDataKeyInput{NumberOfBytes: aws.Int32(0)}),
			invalid + " '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
		"a data key of no known spec": {
			dataKey(kms.GenerateDataKeyInput{KeySpec: "AES_257"}),
			invalid + " 'AES_257' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
		},
		"an alias without its prefix": {
			createAlias("secondwind"),
			"ValidationException: Alias must start with the prefix \"alias/\". Please see " +
				"https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
		},
		"an alias with a space": {
			createAlias("alias/a b"),
			invalid + " 'alias/a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
		},
		"an alias with a colon": {
			createAlias("alias/a:b"), "InvalidAliasNameException: alias/a:b contains invalid characters for an alias",
		},
		"an alias of its prefix alone": {
			createAlias("alias/"), "InvalidAliasNameException: alias/ contains invalid characters for an alias",
		},
		"an alias of 257 characters": {createAlias("alias/" + strings.Repeat("a", 251)), invalid + " 'alias/aaa"},
		"an alias as AWS's own":      {createAlias("alias/aws/s3"), "NotAuthorizedException: "},
		"a key for signatures": {
			createKey(kms.CreateKeyInput{KeyUsage: types.KeyUsageTypeSignVerify}),
			"ValidationException: KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT",
		},
		"an RSA key": {
			createKey(kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048}),
			"UnsupportedOperationException: KeySpec RSA_2048: the local cloud does not serve this",
		},
		"a key of several Regions": {
			createKey(kms.CreateKeyInput{MultiRegion: aws.Bool(true)}), "UnsupportedOperationException: MultiRegion: ",
		},
		"a policy of one's own": {
			createKey(kms.CreateKeyInput{Policy: aws.String("{}")}), "UnsupportedOperationException: Policy: ",
		},
		"imported key material": {
			createKey(kms.CreateKeyInput{Origin: types.OriginTypeExternal}), "UnsupportedOperationException: Origin EXTERNAL: ",
		},
		"rotation every 89 days": {
			rotateEvery(89),
			invalid + " '89' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value greater than or equal to 90",
		},
		"rotation every 2561 days": {
			rotateEvery(2561),
			invalid + " '2561' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value less than or equal to 2560",
		},
		"deletion in 6 days": {
			scheduleIn(6),
			invalid + " '6' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7",
		},
		"deletion in 31 days": {
			scheduleIn(31),
			invalid + " '31' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value less than or equal to 30",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			if got := refused(t, test.call(t.Context(), s)); !strings.HasPrefix(got, test.want) {
				t.Errorf("refused with %q, want %q", got, test.want)
			}
		})
	}
}

// operations are all that take a key's id, in the states in which they refuse.
func operations(key string, blob []byte) map[string]call {
	byID := func(f func(context.Context, service) error) call { return f }
	return map[string]call{
		"Encrypt": byID(func(ctx context.Context, s service) error {
			_, err := s.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			return err
		}),
		"Decrypt": byID(func(ctx context.Context, s service) error {
			_, err := s.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob})
			return err
		}),
		"ReEncrypt": byID(func(ctx context.Context, s service) error {
			_, err := s.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: blob, DestinationKeyId: &key})
			return err
		}),
		"GenerateDataKey": byID(func(ctx context.Context, s service) error {
			_, err := s.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256})
			return err
		}),
		"GenerateDataKeyWithoutPlaintext": byID(func(ctx context.Context, s service) error {
			_, err := s.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
				KeyId: &key, KeySpec: types.DataKeySpecAes256,
			})
			return err
		}),
		"EnableKeyRotation": byID(func(ctx context.Context, s service) error {
			_, err := s.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &key})
			return err
		}),
		"DisableKeyRotation": byID(func(ctx context.Context, s service) error {
			_, err := s.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &key})
			return err
		}),
		"RotateKeyOnDemand": byID(func(ctx context.Context, s service) error {
			_, err := s.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
			return err
		}),
	}
}

func TestAKeyRefusesWhatItsStateForbids(t *testing.T) {
	t.Parallel()
	s := serve(t)
	off, going := s.newKey(), s.newKey()
	sealedOff, sealedGoing := s.encrypt(off, "x", nil), s.encrypt(going, "x", nil)
	s.disable(off)
	s.scheduleDeletion(going)
	for name, call := range operations(off, sealedOff) {
		if got, want := refused(t, call(t.Context(), s)), "DisabledException: "+arn("key/"+off)+" is disabled."; got != want {
			t.Errorf("%s with a disabled key = %q, want %q", name, got, want)
		}
	}
	for name, call := range operations(going, sealedGoing) {
		if got, want := refused(t, call(t.Context(), s)), "KMSInvalidStateException: "+arn("key/"+going)+" is pending deletion."; got != want {
			t.Errorf("%s with a key pending deletion = %q, want %q", name, got, want)
		}
	}
	for name, call := range map[string]call{
		"EnableKey": func(ctx context.Context, s service) error {
			_, err := s.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &going})
			return err
		},
		"CreateAlias": func(ctx context.Context, s service) error {
			_, err := s.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/x"), TargetKeyId: &going})
			return err
		},
		"TagResource": func(ctx context.Context, s service) error {
			_, err := s.TagResource(ctx, &kms.TagResourceInput{KeyId: &going, Tags: tags("a", "1")})
			return err
		},
	} {
		if _, ok := errors.AsType[*types.KMSInvalidStateException](call(t.Context(), s)); !ok {
			t.Errorf("%s with a key pending deletion = %v, want KMSInvalidStateException", name, call(t.Context(), s))
		}
	}
}

// Every error must be the SDK's own type: programs tell them apart by it.
func TestErrorsAreTheSDKsTypes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	a, b := s.newKey(), s.newKey()
	s.alias("alias/a", a)
	blob := s.encrypt(a, "x", nil)
	ctx := t.Context()
	_, notFound := s.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(nobody)})
	_, incorrect := s.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, KeyId: &b})
	_, garbage := s.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: []byte("no ciphertext of ours")})
	_, exists := s.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: &b})
	_, name := s.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a:b"), TargetKeyId: &b})
	_, arn := s.DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String("arn:aws:kms:x")})
	_, marker := s.ListKeys(ctx, &kms.ListKeysInput{Marker: aws.String("made up")})
	_, notPending := s.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &a})
	for want, ok := range map[string]bool{
		"NotFoundException":         is[*types.NotFoundException](notFound),
		"IncorrectKeyException":     is[*types.IncorrectKeyException](incorrect),
		"InvalidCiphertext":         is[*types.InvalidCiphertextException](garbage),
		"AlreadyExistsException":    is[*types.AlreadyExistsException](exists),
		"InvalidAliasNameException": is[*types.InvalidAliasNameException](name),
		"InvalidArnException":       is[*types.InvalidArnException](arn),
		"InvalidMarkerException":    is[*types.InvalidMarkerException](marker),
		"KMSInvalidStateException":  is[*types.KMSInvalidStateException](notPending),
	} {
		if !ok {
			t.Errorf("no %s; errors: %s", want, fmt.Sprint(notFound, incorrect, garbage, exists, name, arn, marker, notPending))
		}
	}
	const want = "IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation."
	if got := refused(t, incorrect); got != want {
		t.Errorf("another key = %q, want %q", got, want)
	}
	if got, want := refused(t, garbage), "InvalidCiphertextException: "; got != want {
		t.Errorf("garbage = %q, want %q: AWS tells nothing", got, want)
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }
