// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// newID returns a UUID of version 7 (RFC 9562, 5.7): ids of one moment lie close
// together in an index, and tell nothing but when they were made.
func newID(now time.Time) string {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(u[6:]) // never fails (crypto/rand since Go 1.24)
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], u[0:4])
	hex.Encode(s[9:13], u[4:6])
	hex.Encode(s[14:18], u[6:8])
	hex.Encode(s[19:23], u[8:10])
	hex.Encode(s[24:36], u[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// checkMID reports whether a client's own id can be one.
func checkMID(mid string) error {
	if len(mid) < 8 {
		return BadRequest("mid of fewer than 8 characters")
	}
	if err := ValidateID(mid); err != nil {
		return &Error{Code: CodeBadRequest, Message: "mid: " + err.Error()}
	}
	return nil
}
