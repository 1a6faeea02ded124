// Package vault seals records with Tink: envelope encryption with AES-256-GCM.
//
// A record is sealed with the primary data key of a Keys. The Keys stand in the
// store wrapped: encrypted with a key of their own, which is encrypted with the
// key-encryption key (KEK) of AWS KMS or of a key file. A record's associated
// data are its owner and its id, so that it cannot be moved to another row.
package vault
