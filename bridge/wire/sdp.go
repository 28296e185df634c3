// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// Of a session description and of a candidate only so much is understood as it
// takes to know that it is one, that it is about sound alone, and that the sound
// is encrypted between the two devices.

const maxMedia = 4 // m= lines of one description

// checkSDP reports whether s is a session description (RFC 8866) of encrypted
// sound (RFC 8827, 6.5) and of nothing else.
func checkSDP(s string) error {
	if s == "" || len(s) > MaxSDP {
		return bridge.BadRequest("sdp is missing, or over its limit")
	}
	s, ended := strings.CutSuffix(s, "\n")
	if !ended {
		return bridge.BadRequest("sdp ends within a line")
	}
	var seen sdpSeen
	for i, line := range strings.Split(s, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if len(line) < 2 || line[1] != '=' || !printable(line) {
			return bridge.BadRequest("sdp has a line that is none")
		}
		if (line == "v=0") != (i == 0) {
			return bridge.BadRequest("sdp is of no version that is known")
		}
		if err := seen.line(line[0], line[2:]); err != nil {
			return err
		}
	}
	if seen.media == 0 || !seen.origin || !seen.fingerprint || !seen.ufrag || !seen.password {
		return bridge.BadRequest("sdp lacks a medium, its origin, or its keys")
	}
	return nil
}

// sdpSeen is what a description has had so far.
type sdpSeen struct {
	media                                int
	origin, fingerprint, ufrag, password bool
}

// line takes one line. Those with words for people (i=, u=, e=, p=) and keys of
// another kind (k=) are no part of this.
func (seen *sdpSeen) line(kind byte, value string) error {
	switch kind {
	case 'v', 's', 't', 'c', 'b':
	case 'o':
		seen.origin = true
	case 'm':
		seen.media++
		return checkMedia(value, seen.media)
	case 'a':
		return seen.attribute(value)
	default:
		return bridge.BadRequest("sdp has a line that has no place here")
	}
	return nil
}

// checkMedia reads "audio 9 UDP/TLS/RTP/SAVPF 111 0": RTP behind DTLS only.
func checkMedia(value string, count int) error {
	fields := strings.Split(value, " ")
	switch {
	case len(fields) < 4 || count > maxMedia:
		return bridge.BadRequest("sdp has a medium that is none, or too many")
	case fields[0] != "audio":
		return bridge.BadRequest("sdp is about more than sound")
	case fields[2] != "UDP/TLS/RTP/SAVPF" && fields[2] != "TCP/DTLS/RTP/SAVPF":
		return bridge.BadRequest("sdp has a medium that is not encrypted")
	}
	if _, err := strconv.ParseUint(fields[1], 10, 16); err != nil {
		return bridge.BadRequest("sdp has a medium without a port")
	}
	return nil
}

func (seen *sdpSeen) attribute(value string) error {
	name, rest, _ := strings.Cut(value, ":")
	switch name {
	case "fingerprint":
		seen.fingerprint = true
	case "ice-ufrag":
		seen.ufrag = true
	case "ice-pwd":
		seen.password = true
	case "crypto", "key-mgmt":
		return bridge.BadRequest("sdp has keys that others could read")
	case "candidate":
		return checkCandidate("candidate:" + rest)
	case "sctp-port", "sctpmap":
		return bridge.BadRequest("sdp is about more than sound")
	}
	return nil
}

// checkCandidate reads an ICE candidate (RFC 8839, 5.1); "" says that there are
// no more. Addresses are literal, or the one-time names that browsers make of
// them; a name that is looked up would tell its owner who talks.
func checkCandidate(c string) error {
	if c == "" {
		return nil
	}
	if len(c) > MaxCandidate || !printable(c) {
		return bridge.BadRequest("candidate is over its limit, or has signs that have no place in it")
	}
	rest, ok := strings.CutPrefix(c, "candidate:")
	f := strings.Split(rest, " ")
	if !ok || len(f) < 8 || len(f)%2 != 0 || slices.Contains(f, "") || len(f[0]) > 32 || f[6] != "typ" {
		return bridge.BadRequest("candidate is none")
	}
	component, err1 := strconv.ParseUint(f[1], 10, 8)
	_, err2 := strconv.ParseUint(f[3], 10, 32)
	_, err3 := strconv.ParseUint(f[5], 10, 16)
	if err1 != nil || err2 != nil || err3 != nil || component == 0 || !address(f[4]) {
		return bridge.BadRequest("candidate has no place that can be reached")
	}
	if t := strings.ToLower(f[2]); t != "udp" && t != "tcp" {
		return bridge.BadRequest("candidate goes by neither udp nor tcp")
	}
	if !slices.Contains([]string{"host", "srflx", "prflx", "relay"}, f[7]) {
		return bridge.BadRequest("candidate is of no known type")
	}
	for pair := range slices.Chunk(f[8:], 2) {
		if pair[0] == "raddr" && !address(pair[1]) {
			return bridge.BadRequest("candidate has no place that can be reached")
		}
	}
	return nil
}

// address reports whether a is an IP address, or a name such as browsers make up
// for one of their own: a UUID under .local.
func address(a string) bool {
	if _, err := netip.ParseAddr(a); err == nil {
		return !strings.Contains(a, "%")
	}
	name, ok := strings.CutSuffix(a, ".local")
	return ok && len(name) == 36 && strings.Trim(name, "0123456789abcdefABCDEF-") == ""
}

// printable reports whether s is of printable ASCII.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible is printable, without spaces.
func visible(s string) bool { return printable(s) && !strings.Contains(s, " ") }
