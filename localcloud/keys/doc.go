// Package keys is the local cloud's AWS KMS: symmetric keys that encrypt,
// their aliases, and their rotation.
//
// Key material comes from the system's randomness and lives in this process's
// memory alone, as an HSM keeps its own: nothing is written anywhere, and what was
// encrypted cannot be decrypted once the cloud has ended. A key keeps the material
// of every rotation, so that old ciphertexts stay readable.
//
// It knows nothing of the scaling engine, and has a lock of its own: a calculator
// that decrypts never waits for a group that scales.
//
// Source: AWS KMS API Reference and Developer Guide.
package keys
