// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package seal encrypts what is stored, with keys of each patient's own.
//
// A patient has a content key and a log key: AES-256-GCM with random nonces (NIST
// SP 800-38D section 8.2.2), each bound to the row and the column where it
// stands. These keys are kept wrapped by a key-encryption key, the KEK, which is a
// file or HashiCorp Vault's transit engine, both behind tink.AEAD. Erasing a
// patient is destroying keys. Rotating the KEK wraps keys anew and touches no
// data; rotating a patient's key gives what comes a new key and keeps the old.
//
// Keys in memory are forgotten after ten minutes. While they can't be had, nothing
// is sealed or opened, but for entries of what is essential: these are sealed with
// a public key (HPKE, RFC 9180), whose private half is wrapped like the others,
// and get the patient's own key when it is back. So a withdrawal never waits for a
// key server.
package seal
