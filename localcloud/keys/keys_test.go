package keys_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func tags(pairs ...string) (list []types.Tag) {
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, types.Tag{TagKey: &pair[0], TagValue: &pair[1]})
	}
	return list
}

func TestWhatIsEncryptedIsDecrypted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	s.alias("alias/app", id)
	pairs := map[string]string{"user": "a", "row": "1"}
	for _, name := range []string{id, arn("key/" + id), "alias/app", arn("alias/app")} {
		for _, size := range []int{1, 32, 4096} {
			plaintext := strings.Repeat("p", size)
			out := must[kms.EncryptOutput](t)(s.Encrypt(t.Context(), &kms.EncryptInput{
				KeyId: &name, Plaintext: []byte(plaintext), EncryptionContext: pairs,
			}))
			if *out.KeyId != arn("key/"+id) || out.EncryptionAlgorithm != types.EncryptionAlgorithmSpecSymmetricDefault {
				t.Errorf("Encrypt(%s) names %s, %s; want %s, SYMMETRIC_DEFAULT", name, *out.KeyId, out.EncryptionAlgorithm, arn("key/"+id))
			}
			if size >= 32 && bytes.Contains(out.CiphertextBlob, []byte(plaintext)) {
				t.Errorf("Encrypt(%s) shows the plaintext", name)
			}
			back := must[kms.DecryptOutput](t)(s.Decrypt(t.Context(), &kms.DecryptInput{
				KeyId: &name, CiphertextBlob: out.CiphertextBlob, EncryptionContext: pairs,
			}))
			if string(back.Plaintext) != plaintext || *back.KeyId != arn("key/"+id) {
				t.Errorf("Decrypt(%s) = %d bytes by %s, want %d by %s", name, len(back.Plaintext), *back.KeyId, size, arn("key/"+id))
			}
		}
	}
}

func TestEqualPlaintextsLookDifferent(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	if a, b := s.encrypt(id, "same", nil), s.encrypt(id, "same", nil); bytes.Equal(a, b) {
		t.Error("two ciphertexts of one plaintext are equal")
	}
}

func TestOnlyTheSameEncryptionContextDecrypts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	blob := s.encrypt(s.newKey(), "secret", map[string]string{"a": "1", "b": "2"})
	for name, pairs := range map[string]map[string]string{
		"none":                    nil,
		"one pair less":           {"a": "1"},
		"one pair more":           {"a": "1", "b": "2", "c": ""},
		"another value":           {"a": "1", "b": "3"},
		"other case":              {"A": "1", "b": "2"},
		"values swapped":          {"a": "2", "b": "1"},
		"the same text, cut anew": {"a": "1b", "": "2"},
	} {
		if got, err := s.decrypt(blob, pairs); !is[*types.InvalidCiphertextException](err) {
			t.Errorf("Decrypt with %s = %q, %v, want InvalidCiphertextException", name, got, err)
		}
	}
	if got, err := s.decrypt(blob, map[string]string{"b": "2", "a": "1"}); got != "secret" {
		t.Errorf("Decrypt with the same pairs = %q, %v, want secret", got, err)
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	blob := s.encrypt(s.newKey(), "secret", nil)
	for i := range blob {
		changed := slices.Clone(blob)
		changed[i] ^= 1
		want := "InvalidCiphertextException: "
		if 1 <= i && i <= 16 { // the id of a key that is not there
			want = "AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, " +
				"or you are not allowed to access."
		}
		if got, err := s.decrypt(changed, nil); refused(t, err) != want {
			t.Errorf("Decrypt with byte %d changed = %q, %v, want %s", i, got, err, want)
		}
	}
}

func TestReEncryptMovesToAnotherKeyAndContext(t *testing.T) {
	t.Parallel()
	s := serve(t)
	from, to := s.newKey(), s.newKey()
	before, after := map[string]string{"v": "1"}, map[string]string{"v": "2"}
	in := &kms.ReEncryptInput{
		CiphertextBlob: s.encrypt(from, "secret", before), SourceEncryptionContext: before, DestinationKeyId: &to,
		DestinationEncryptionContext: after,
	}
	out := must[kms.ReEncryptOutput](t)(s.ReEncrypt(t.Context(), in))
	if *out.SourceKeyId != arn("key/"+from) || *out.KeyId != arn("key/"+to) {
		t.Errorf("ReEncrypt = from %s to %s, want %s to %s", *out.SourceKeyId, *out.KeyId, from, to)
	}
	s.scheduleDeletion(from)
	if got, err := s.decrypt(out.CiphertextBlob, after); got != "secret" {
		t.Errorf("Decrypt after ReEncrypt = %q, %v, want secret", got, err)
	}
	in.SourceKeyId = &to
	if _, err := s.ReEncrypt(t.Context(), in); !is[*types.IncorrectKeyException](err) {
		t.Errorf("ReEncrypt from another key = %v, want IncorrectKeyException", err)
	}
}

func TestDataKeysAreOfTheSizeThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id, pairs := s.newKey(), map[string]string{"purpose": "history"}
	for _, test := range []struct {
		spec  types.DataKeySpec
		bytes *int32
		want  int
	}{{types.DataKeySpecAes256, nil, 32}, {types.DataKeySpecAes128, nil, 16}, {"", aws.Int32(1024), 1024}} {
		out := must[kms.GenerateDataKeyOutput](t)(s.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{
			KeyId: &id, KeySpec: test.spec, NumberOfBytes: test.bytes, EncryptionContext: pairs,
		}))
		if got, err := s.decrypt(out.CiphertextBlob, pairs); got != string(out.Plaintext) || len(got) != test.want {
			t.Errorf("the data key decrypts to %d bytes, %v; want the %d of its plaintext", len(got), err, test.want)
		}
		hidden := must[kms.GenerateDataKeyWithoutPlaintextOutput](t)(
			s.GenerateDataKeyWithoutPlaintext(t.Context(), &kms.GenerateDataKeyWithoutPlaintextInput{
				KeyId: &id, KeySpec: test.spec, NumberOfBytes: test.bytes, EncryptionContext: pairs,
			}),
		)
		if got, err := s.decrypt(hidden.CiphertextBlob, pairs); len(got) != test.want {
			t.Errorf("the data key without plaintext decrypts to %d bytes, %v, want %d", len(got), err, test.want)
		}
	}
	random := must[kms.GenerateRandomOutput](t)(s.GenerateRandom(t.Context(), &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(24)}))
	if len(random.Plaintext) != 24 {
		t.Errorf("GenerateRandom = %d bytes, want 24", len(random.Plaintext))
	}
}

func TestAliasesPointToKeys(t *testing.T) {
	t.Parallel()
	s := serve(t)
	a, b := s.newKey(), s.newKey()
	s.alias("alias/app", a)
	s.alias("alias/other", a)
	blob := s.encrypt("alias/app", "secret", nil)
	_, err := s.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/app"), TargetKeyId: &b})
	if refused(t, err) != "AlreadyExistsException: An alias with the name "+arn("alias/app")+" already exists" {
		t.Errorf("CreateAlias twice = %v, want AlreadyExistsException", err)
	}
	must[kms.UpdateAliasOutput](t)(s.UpdateAlias(t.Context(), &kms.UpdateAliasInput{AliasName: aws.String("alias/app"), TargetKeyId: &b}))
	if got, err := s.decrypt(blob, nil); got != "secret" {
		t.Errorf("Decrypt after the alias has moved on = %q, %v, want secret: the ciphertext names its key", got, err)
	}
	list := must[kms.ListAliasesOutput](t)(s.ListAliases(t.Context(), &kms.ListAliasesInput{KeyId: &b}))
	if len(list.Aliases) != 1 || *list.Aliases[0].AliasArn != arn("alias/app") || *list.Aliases[0].TargetKeyId != b {
		t.Errorf("ListAliases = %v, want alias/app of the second key", list.Aliases)
	}
	must[kms.DeleteAliasOutput](t)(s.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/app")}))
	if _, err := s.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/app")}); !is[*types.NotFoundException](err) {
		t.Errorf("DeleteAlias twice = %v, want NotFoundException", err)
	}
	if all := must[kms.ListAliasesOutput](t)(s.ListAliases(t.Context(), &kms.ListAliasesInput{})); len(all.Aliases) != 1 {
		t.Errorf("ListAliases = %d, want the one that is left", len(all.Aliases))
	}
}

func TestPagesJoinToTheWholeList(t *testing.T) {
	t.Parallel()
	s := serve(t)
	want := []string{s.newKey(), s.newKey(), s.newKey(), s.newKey(), s.newKey()}
	slices.Sort(want)
	var got []string
	pages := kms.NewListKeysPaginator(s.Client, &kms.ListKeysInput{Limit: aws.Int32(2)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range out.Keys {
			got = append(got, *k.KeyId)
		}
	}
	if !slices.Equal(got, want) || n != 3 {
		t.Errorf("ListKeys = %v on %d pages, want %v on 3", got, n, want)
	}
}

func TestTagsAreReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := *must[kms.CreateKeyOutput](t)(s.CreateKey(t.Context(), &kms.CreateKeyInput{
		Description: aws.String("d"), Tags: tags("run", "1", "gone", "x"),
	})).KeyMetadata.KeyId
	must[kms.TagResourceOutput](t)(s.TagResource(t.Context(), &kms.TagResourceInput{KeyId: &id, Tags: tags("run", "2", "more", "y")}))
	must[kms.UntagResourceOutput](t)(s.UntagResource(t.Context(), &kms.UntagResourceInput{KeyId: &id, TagKeys: []string{"gone"}}))
	out := must[kms.ListResourceTagsOutput](t)(s.ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: &id}))
	var got []string
	for _, tag := range out.Tags {
		got = append(got, *tag.TagKey+"="+*tag.TagValue)
	}
	if want := []string{"run=2", "more=y"}; !slices.Equal(got, want) {
		t.Errorf("tags = %v, want %v", got, want)
	}
	var many []string
	for i := range 49 {
		many = append(many, fmt.Sprint("k", i), "v")
	}
	if _, err := s.TagResource(t.Context(), &kms.TagResourceInput{KeyId: &id, Tags: tags(many...)}); !is[*types.LimitExceededException](err) {
		t.Errorf("51 tags = %v, want LimitExceededException", err)
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := s.newKey()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 5 {
				text := fmt.Sprint("secret ", i)
				out, err := s.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &id, Plaintext: []byte(text)})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := s.decrypt(out.CiphertextBlob, nil); got != text {
					t.Errorf("Decrypt = %q, %v, want %q", got, err, text)
				}
				_, _ = s.RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &id}) // refused after 25
			}
		})
	}
	group.Wait()
}
