// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge/wire"
)

// chromium is what a browser offers for one microphone, shortened.
const chromium = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=extmap-allow-mixed\r\n" +
	"a=msid-semantic: WMS f2d1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=candidate:2890513917 1 udp 2113937151 1f9b5c7e-62a0-4b4e-9d0d-6d4b3a3c1e0f.local 51402 typ host generation 0 network-cost 999\r\n" +
	"a=ice-ufrag:x3Vt\r\na=ice-pwd:cUPfL8k1q2yYpIqwJ7gYt0aA\r\na=ice-options:trickle\r\n" +
	"a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"

// firefox separates lines in the same way, and has its keys in front of the media.
const firefox = "v=0\r\no=mozilla...THIS_IS_SDPARTA-99.0 7236521456 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" +
	"a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n" +
	"a=group:BUNDLE 0\r\na=ice-options:trickle\r\nm=audio 9 UDP/TLS/RTP/SAVPF 109 9\r\nc=IN IP4 0.0.0.0\r\na=ice-pwd:f0e1d2c3b4a5968778695a4b3c2d1e0f\r\n" +
	"a=ice-ufrag:1f2e3d4c\r\na=mid:0\r\na=setup:actpass\r\n"

// signalling decodes one line.signal as the bridge does.
func signalling(s wire.LineSignal) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = wire.DecodeCommand([]byte(fmt.Sprintf(`{"id":1,"t":"line.signal","b":1,"d":%s}`, data)))
	return err
}

func TestDescriptionsOfEncryptedSoundPass(t *testing.T) {
	for name, sdp := range map[string]string{
		"chromium": chromium, "firefox": firefox, "line feeds only": strings.ReplaceAll(chromium, "\r", ""),
		"stopped": strings.Replace(chromium, "m=audio 9 ", "m=audio 0 ", 1),
	} {
		for _, kind := range []wire.SignalKind{wire.SignalOffer, wire.SignalAnswer} {
			if err := signalling(wire.LineSignal{Ring: "r-1", Kind: kind, SDP: sdp}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestDescriptionsOfAnythingElseAreRefused(t *testing.T) {
	with := func(old, changed string) string {
		if !strings.Contains(chromium, old) {
			t.Fatalf("%q is not there", old)
		}
		return strings.Replace(chromium, old, changed, 1)
	}
	audio := "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\n"
	for name, sdp := range map[string]string{
		"nothing":             "",
		"video":               chromium + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
		"video alone":         with("m=audio", "m=video"),
		"data":                chromium + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
		"data in disguise":    chromium + "a=sctp-port:5000\r\n",
		"text":                chromium + "m=text 9 UDP/TLS/RTP/SAVPF 98\r\n",
		"no encryption":       with("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
		"keys in the open":    chromium + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n",
		"an old key line":     chromium + "k=clear:secret\r\n",
		"words for people":    with("s=-\r\n", "s=-\r\ni=the patient says\r\n"),
		"an address of mail":  with("s=-\r\n", "s=-\r\ne=somebody@example.org\r\n"),
		"no fingerprint":      with("a=fingerprint", "a=x-fingerprint"),
		"no name for ICE":     with("a=ice-ufrag", "a=x-ufrag"),
		"no word for ICE":     with("a=ice-pwd", "a=x-pwd"),
		"no origin":           with("o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n", ""),
		"no medium":           with(audio, ""),
		"no port":             with("m=audio 9 ", "m=audio nine "),
		"half a medium":       with(audio, "m=audio 9\r\n"),
		"five media":          chromium + strings.Repeat(audio, 4),
		"another version":     with("v=0", "v=1"),
		"a version later":     chromium + "v=0\r\n",
		"an empty line":       chromium + "\r\n",
		"half a line":         chromium + "a=mid:1",
		"no line":             chromium + "mid:1\r\n",
		"a control character": chromium + "a=mid:\x00\r\n",
		"a carriage return":   chromium + "a=mid:\ra=crypto:1\r\n",
		"another alphabet":    chromium + "a=mid:é\r\n",
		"a bad candidate":     chromium + "a=candidate:1 1 udp 1 example.org 1 typ host\r\n",
		"too much":            chromium + strings.Repeat("a=mid:0\r\n", wire.MaxSDP/9),
	} {
		if signalling(wire.LineSignal{Ring: "r-1", Kind: wire.SignalOffer, SDP: sdp}) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestCandidates(t *testing.T) {
	for candidate, good := range map[string]bool{
		"": true, // there are no more
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host":                                                         true,
		"candidate:1 2 UDP 2130706431 2001:db8::17 51402 typ host generation 0 ufrag x3Vt network-id 1":                  true,
		"candidate:842163049 1 udp 1677729535 198.51.100.4 61000 typ srflx raddr 0.0.0.0 rport 0 generation 0":           true,
		"candidate:3 1 tcp 1518280447 192.0.2.17 9 typ host tcptype active":                                              true,
		"candidate:4 1 udp 41885439 203.0.113.9 50002 typ relay raddr 192.0.2.17 rport 51402":                            true,
		"candidate:5 1 udp 2113937151 1f9b5c7e-62a0-4b4e-9d0d-6d4b3a3c1e0f.local 51402 typ host":                         true,
		"candidate:1 1 udp 2130706431 relay.example.org 51402 typ host":                                                  false,
		"candidate:1 1 udp 2130706431 example.local 51402 typ host":                                                      false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ srflx raddr example.org rport 1":                              false,
		"candidate:1 1 udp 2130706431 fe80::1%eth0 51402 typ host":                                                       false,
		"candidate:1 1 udp 2130706431 192.0.2.17 514020 typ host":                                                        false,
		"candidate:1 0 udp 2130706431 192.0.2.17 51402 typ host":                                                         false,
		"candidate:1 1 udp 99999999999 192.0.2.17 51402 typ host":                                                        false,
		"candidate:1 1 sctp 2130706431 192.0.2.17 51402 typ host":                                                        false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ home":                                                         false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 type host":                                                        false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ":                                                              false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host generation":                                              false,
		"candidate:1 1 udp 2130706431 192.0.2.17  51402 typ host":                                                        false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host\r\na=crypto:1 x":                                         false,
		"1 1 udp 2130706431 192.0.2.17 51402 typ host":                                                                   false,
		"a=candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host":                                                       false,
		"candidate:" + strings.Repeat("1", 33) + " 1 udp 2130706431 192.0.2.17 51402 typ host":                           false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host" + strings.Repeat(" generation 0", wire.MaxCandidate/13): false,
		"candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host note the-patient-sagt-ü":                                 false,
	} {
		if err := signalling(wire.LineSignal{Ring: "r-1", Kind: wire.SignalCandidate, Candidate: candidate, Mid: "0"}); (err == nil) != good {
			t.Errorf("%q: %v", candidate, err)
		}
	}
}

func TestSignalsHoldWhatTheirKindHas(t *testing.T) {
	for name, s := range map[string]wire.LineSignal{
		"no ring":               {Kind: wire.SignalBye},
		"no kind":               {Ring: "r-1"},
		"another kind":          {Ring: "r-1", Kind: "hold"},
		"an offer with more":    {Ring: "r-1", Kind: wire.SignalOffer, SDP: chromium, Candidate: hostCandidate},
		"an answer of a medium": {Ring: "r-1", Kind: wire.SignalAnswer, SDP: chromium, Mid: "0"},
		"a candidate with sdp":  {Ring: "r-1", Kind: wire.SignalCandidate, SDP: chromium},
		"a long mid":            {Ring: "r-1", Kind: wire.SignalCandidate, Mid: strings.Repeat("0", 17)},
		"words in mid":          {Ring: "r-1", Kind: wire.SignalCandidate, Mid: "a b"},
		"a place that is none":  {Ring: "r-1", Kind: wire.SignalCandidate, Mline: -1},
		"a far place":           {Ring: "r-1", Kind: wire.SignalCandidate, Mline: 4},
		"last words":            {Ring: "r-1", Kind: wire.SignalBye, Candidate: hostCandidate},
	} {
		if signalling(s) == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := signalling(wire.LineSignal{Ring: "r-1", Kind: wire.SignalBye}); err != nil {
		t.Error(err)
	}
}

// Whatever passes is short, printable, of sound alone and of no name that is
// looked up.
func FuzzSDP(f *testing.F) {
	f.Add(chromium)
	f.Add(firefox)
	f.Add(hostCandidate)
	f.Fuzz(func(t *testing.T, text string) {
		if signalling(wire.LineSignal{Ring: "r-1", Kind: wire.SignalOffer, SDP: text}) == nil {
			if len(text) > wire.MaxSDP || strings.ContainsFunc(text, func(r rune) bool { return r != '\r' && r != '\n' && (r < ' ' || r > '~') }) {
				t.Errorf("passes: %q", text)
			}
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "m=") && !strings.HasPrefix(line, "m=audio ") || strings.HasPrefix(line, "a=crypto") {
					t.Errorf("passes: %q", text)
				}
			}
		}
		if text != "" && signalling(wire.LineSignal{Ring: "r-1", Kind: wire.SignalCandidate, Candidate: text}) == nil {
			if len(text) > wire.MaxCandidate || !strings.HasPrefix(text, "candidate:") || strings.ContainsAny(text, "\r\n\x00") {
				t.Errorf("passes: %q", text)
			}
		}
	})
}
