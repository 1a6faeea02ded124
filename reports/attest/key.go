package attest

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
	"golang.org/x/crypto/ssh"
)

// Signer signs with an Ed25519 key.
type Signer struct{ key dsse.SignerVerifier }

// Verifier verifies signatures of an Ed25519 key.
type Verifier struct{ key dsse.Verifier }

// KeyID is the fingerprint of the key, as `ssh-keygen -lf` shows it.
func (s Signer) KeyID() string {
	id, _ := s.key.KeyID() // one that was given to the library
	return id
}

// Verifier verifies what the signer signs.
func (s Signer) Verifier() Verifier { return Verifier{s.key} }

// The commands that make keys which can be read here.
const (
	makesPrivate = "make one with `openssl genpkey -algorithm ed25519 -out key.pem` or `ssh-keygen -t ed25519 -N ''`"
	makesPublic  = "make it with `openssl pkey -in key.pem -pubout -out public.pem`, or give the .pub file of ssh-keygen"
)

// ParseSigner reads a private key: PKCS #8 in PEM, or OpenSSH's own form. A key that is
// encrypted, or of another kind, is an error.
func ParseSigner(data []byte) (s Signer, err error) {
	private, err := privateKey(data)
	if err != nil {
		return s, err
	}
	public, _ := private.Public().(ed25519.PublicKey)
	s.key, err = newKey(public, private)
	return s, err
}

// ParseVerifier reads a public key: in PEM, or a line as OpenSSH writes it.
func ParseVerifier(data []byte) (v Verifier, err error) {
	public, err := publicKey(data)
	if err != nil {
		return v, err
	}
	v.key, err = newKey(public, nil)
	return v, err
}

func newKey(public ed25519.PublicKey, private ed25519.PrivateKey) (dsse.SignerVerifier, error) {
	id, err := dsse.SHA256KeyID(public)
	if err != nil {
		return nil, err
	}
	return signerverifier.NewED25519SignerVerifierFromSSLibKey(&signerverifier.SSLibKey{
		KeyType: signerverifier.ED25519KeyType, Scheme: signerverifier.ED25519KeyType, KeyID: id,
		KeyVal: signerverifier.KeyVal{Public: hex.EncodeToString(public), Private: hex.EncodeToString(private)},
	})
}

func privateKey(data []byte) (ed25519.PrivateKey, error) {
	encrypted := errors.New("the key is encrypted; give one without a passphrase: " + makesPrivate)
	block, _ := pem.Decode(data)
	if block == nil {
		if _, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
			return nil, errors.New("this is a public key; signing takes the private one")
		}
		return nil, errors.New("this is no key in PEM; " + makesPrivate)
	}
	var key any
	var err error
	switch _, legacy := block.Headers["DEK-Info"]; {
	case legacy || block.Type == "ENCRYPTED PRIVATE KEY":
		return nil, encrypted
	case block.Type == "PUBLIC KEY":
		return nil, errors.New("this is a public key; signing takes the private one")
	case block.Type == "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "OPENSSH PRIVATE KEY":
		key, err = ssh.ParseRawPrivateKey(data)
	default:
		return nil, fmt.Errorf("this is %s; only Ed25519 keys are taken: %s", block.Type, makesPrivate)
	}
	if _, is := errors.AsType[*ssh.PassphraseMissingError](err); is {
		return nil, encrypted
	}
	if err != nil {
		return nil, fmt.Errorf("the key cannot be read: %w; %s", err, makesPrivate)
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *ed25519.PrivateKey: // as package ssh has it
		return *key, nil
	}
	return nil, fmt.Errorf("this is a key of another kind (%T); only Ed25519 keys are taken: %s", key, makesPrivate)
}

func publicKey(data []byte) (ed25519.PublicKey, error) {
	var key any
	block, _ := pem.Decode(data)
	switch {
	case block == nil:
		line, _, _, _, err := ssh.ParseAuthorizedKey(data)
		if err != nil {
			return nil, errors.New("this is no public key; " + makesPublic)
		}
		if crypto, ok := line.(ssh.CryptoPublicKey); ok {
			key = crypto.CryptoPublicKey()
		}
	case block.Type == "PUBLIC KEY":
		var err error
		if key, err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return nil, fmt.Errorf("the public key cannot be read: %w; %s", err, makesPublic)
		}
	default:
		return nil, fmt.Errorf("this is %s, and not a public key; %s", block.Type, makesPublic)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("this is a public key of another kind (%T); only Ed25519 keys are taken", key)
	}
	return public, nil
}
