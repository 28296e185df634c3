// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
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
	key  []byte
	node string
}

func (n names) opaque(kind, value string) string {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// uid is a party's name.
func (n names) uid(party bridge.Ref) string { return n.opaque("party", string(party)) }

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

// partitions is into how many keys the index is split: enough that a cluster's
// nodes share the work.
const partitions = 32

func partition(uid string) uint32 { return crc32.ChecksumIEEE([]byte(uid)) % partitions }

func (n names) beatKey() string { return "n:{n:" + n.opaque("node", n.node) + "}:hb" }

func (n names) probeChannel() string { return "pn:{n:" + n.opaque("node", n.node) + "}" }
