// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash/crc32"

	"github.com/brobygger/brobygger/bridge"
)

// names makes the opaque names that stand in Redis. That somebody is online is
// information about health where that somebody is a patient, and key names show
// in MONITOR, in the slow log and in backups.
type names struct {
	key    []byte
	node   string
	sealer cipher.AEAD
}

func newNames(key []byte, node string) names {
	n := names{key: key, node: node}
	block, err := aes.NewCipher(n.mac("seal", ""))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	if n.sealer, err = cipher.NewGCM(block); err != nil {
		panic(err)
	}
	return n
}

func (n names) mac(kind, value string) []byte {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// seal hides a value that has to be read again, where it belongs to place. The
// same value in the same place looks the same, since Redis compares: the nonce is
// made from both, so it comes again only with what it came with.
func (n names) seal(place, value string) string {
	nonce := n.mac("nonce "+place, value)[:n.sealer.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(n.sealer.Seal(nonce, nonce, []byte(value), []byte(place)))
}

// unseal reads what was sealed for that place. Who can write to Redis can neither
// make such a value nor carry one to another place.
func (n names) unseal(place, sealed string) (string, bool) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(b) < n.sealer.NonceSize() {
		return "", false
	}
	value, err := n.sealer.Open(nil, b[:n.sealer.NonceSize()], b[n.sealer.NonceSize():], []byte(place))
	return string(value), err == nil
}

func (n names) opaque(kind, value string) string {
	return base64.RawURLEncoding.EncodeToString(n.mac(kind, value)[:16])
}

// uid is a party's name.
func (n names) uid(party bridge.Ref) string { return n.opaque("party", string(party)) }

// lid is a line's name.
func (n names) lid(line bridge.LineID) string { return n.opaque("line", string(line)) }

// cid is a connection's name. A session's own id would let a reader of Redis ask
// for that session.
func (n names) cid(id string) string { return n.opaque("connection", id) }

// partyKeys are the keys of party.lua.
func partyKeys(uid string) []string {
	p := "p:{u:" + uid + "}:"
	return []string{p + "c", p + "x", p + "m"}
}

func metaKey(uid string) string { return "p:{u:" + uid + "}:m" }

// channel is where a party's transitions are published.
func channel(uid string) string { return "ps:{u:" + uid + "}" }

func busyKey(uid string) string { return "p:{u:" + uid + "}:busy" }

func lineKey(lid string) string { return "l:{l:" + lid + "}:open" }

// lineChannel is where a line's changes are published.
func lineChannel(lid string) string { return "ls:{l:" + lid + "}" }

// lineLook is a line's name in the index; a party's has no colon.
func lineLook(lid string) string { return "l:" + lid }

// partitions is into how many keys the index is split: enough that a cluster's
// nodes share the work.
const partitions = 32

func partition(name string) uint32 { return crc32.ChecksumIEEE([]byte(name)) % partitions }

func (n names) beatKey() string { return "n:{n:" + n.opaque("node", n.node) + "}:hb" }

func (n names) probeChannel() string { return "pn:{n:" + n.opaque("node", n.node) + "}" }
