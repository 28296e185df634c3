// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import "github.com/brobygger/brobygger/bridge"

// SignalKind is a step of a voice talk between two devices.
type SignalKind string

// The kinds. Bye says that this end has hung up its voice; the talk itself ends
// by line.end.
const (
	SignalOffer     SignalKind = "offer"
	SignalAnswer    SignalKind = "answer"
	SignalCandidate SignalKind = "candidate"
	SignalBye       SignalKind = "bye"
)

// LineSignal is what the two devices of an answered ring tell each other, so that
// they hear each other (JSEP, RFC 8829). As a push it is from the other device.
type LineSignal struct {
	Ring      bridge.RingID `json:"ring"`
	Kind      SignalKind    `json:"kind"`
	SDP       string        `json:"sdp,omitempty"`       // of an offer or an answer
	Candidate string        `json:"candidate,omitempty"` // "candidate:…"; none: there are no more
	Mid       string        `json:"mid,omitempty"`       // which medium the candidate is of
	Mline     int           `json:"mline,omitempty"`     // its place, from 0
}

// LineTurn asks for a relay, for a voice talk that goes on.
type LineTurn struct {
	Ring bridge.RingID `json:"ring"`
}

// TurnGiven answers LineTurn with what RTCPeerConnection takes as an ICE server.
type TurnGiven struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
	TTLMS      int64    `json:"ttl_ms"` // within which the relay must be asked
}

func (s *LineSignal) validate() error {
	if err := required(string(s.Ring)); err != nil {
		return err
	}
	switch s.Kind {
	case SignalOffer, SignalAnswer:
		if s.Candidate != "" || s.Mid != "" || s.Mline != 0 {
			return bridge.BadRequest("an offer or an answer has sdp and no more")
		}
		return checkSDP(s.SDP)
	case SignalCandidate:
		if s.SDP != "" || len(s.Mid) > 16 || !visible(s.Mid) || s.Mline < 0 || s.Mline >= maxMedia {
			return bridge.BadRequest("a candidate has candidate, mid and mline")
		}
		return checkCandidate(s.Candidate)
	case SignalBye:
		if s.SDP != "" || s.Candidate != "" || s.Mid != "" || s.Mline != 0 {
			return bridge.BadRequest("bye says no more")
		}
		return nil
	}
	return bridge.BadRequest("kind is not offer, answer, candidate or bye")
}

func (t *LineTurn) validate() error { return required(string(t.Ring)) }
