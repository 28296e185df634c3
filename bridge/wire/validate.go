// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import "github.com/brobygger/brobygger/bridge"

// What a command of this package must hold. The nouns of package bridge are
// checked by its verbs.

func (c *Connect) validate() error {
	if (c.Token == "") == (c.Ticket == "") {
		return bridge.BadRequest("connect needs a token or a ticket, and not both")
	}
	if len(c.Token) > MaxToken || len(c.Ticket) > MaxName {
		return bridge.BadRequest("token or ticket is too long")
	}
	if len(c.Features) > MaxKeys {
		return bridge.BadRequest("connect names too many features")
	}
	for _, name := range append([]string{c.Device, c.App, c.Language}, c.Features...) {
		if len(name) > MaxName {
			return bridge.BadRequest("connect has a name that is too long")
		}
	}
	if c.Role != "" && (c.Role.Type() != bridge.TypePractitionerRole || c.Role.Validate() != nil) {
		return bridge.BadRequest("role is not a PractitionerRole")
	}
	if c.Resume != nil {
		return position(*c.Resume)
	}
	return nil
}

func position(p bridge.Position) error {
	if p.Log == "" || len(p.Log) > MaxName || p.N > MaxBeat {
		return bridge.BadRequest("place needs log and n")
	}
	return nil
}

func (r *Refresh) validate() error {
	if (r.Token == "") == (r.Ticket == "") {
		return bridge.BadRequest("refresh needs a token or a ticket, and not both")
	}
	if len(r.Token) > MaxToken || len(r.Ticket) > MaxName {
		return bridge.BadRequest("token or ticket is too long")
	}
	return nil
}

func (a *Ack) validate() error {
	if len(a.Shown)+len(a.Stale) > MaxClaims {
		return bridge.BadRequest("ack names too many disclosures")
	}
	return nil
}

func (s *Sync) validate() error {
	if s.Limit < 0 || s.Limit > MaxSync {
		return bridge.BadRequest("limit is not from 0 to 500")
	}
	return position(s.Since)
}

func (r *Read) validate() error        { return required(string(r.Conversation)) }
func (a *Acknowledge) validate() error { return required(string(a.Message)) }
func (t *Typing) validate() error      { return required(string(t.Conversation)) }

func (c *ConvList) validate() error     { return limit(c.Limit, MaxList) }
func (d *DirectoryFor) validate() error { return limit(d.Limit, MaxList) }
func (t *TeamOf) validate() error       { return required(string(t.Patient)) }
func (c *ConsentList) validate() error  { return required(string(c.Patient)) }

func (e *EntriesAfter) validate() error {
	if err := limit(e.Limit, MaxEntries); err != nil {
		return err
	}
	return required(string(e.Patient))
}

func (p *PresenceUnsub) validate() error {
	if p.Line != "" && p.Patient != "" {
		return bridge.BadRequest("presence is of a patient's matter, or of a line")
	}
	return required(string(p.Patient) + string(p.Line))
}

func (p *PresenceSub) validate() error {
	if p.Line != "" {
		if p.Patient != "" || len(p.Members) > 0 {
			return bridge.BadRequest("presence is of a patient's matter, or of a line")
		}
		return nil
	}
	if len(p.Members) == 0 || len(p.Members) > MaxWatch {
		return bridge.BadRequest("members are not 1 to 200")
	}
	return required(string(p.Patient))
}

func (p *PresenceSet) validate() error {
	switch p.Mode {
	case ModeAuto, ModeAway:
		if p.Until.IsZero() {
			return nil
		}
		return bridge.BadRequest("until is for dnd only")
	case ModeDND:
		if p.Until.IsZero() {
			return bridge.BadRequest("dnd needs until")
		}
		return nil
	}
	return bridge.BadRequest("mode is not auto, away or dnd")
}

func (c *ConsentDecline) validate() error {
	return required(string(c.Patient), string(c.Request))
}

func (c *ConsentWithdraw) validate() error {
	return required(string(c.Patient), string(c.Consent))
}

func (c *ConsentPreview) validate() error {
	if (c.Grant == nil) == (c.Withdraw == nil) {
		return bridge.BadRequest("preview needs a grant or a withdrawal, and not both")
	}
	if c.Withdraw != nil {
		return c.Withdraw.validate()
	}
	return nil
}

func (c *ConsentTextFor) validate() error { return required(string(c.Patient), c.Language) }
func (o *ObjectionMake) validate() error  { return required(string(o.Patient), o.MID) }
func (o *ObjectionLift) validate() error  { return required(string(o.Patient), string(o.Objection)) }
func (e *EmergencyAsk) validate() error   { return required(e.MID, string(e.Patient), e.Reason) }

func (e *EmergencyConfirm) validate() error {
	return required(string(e.Patient), e.Emergency)
}

func required(fields ...string) error {
	for _, f := range fields {
		if f == "" {
			return bridge.BadRequest("command lacks a field that it needs")
		}
	}
	return nil
}

func limit(n, most int) error {
	if n < 0 || n > most {
		return bridge.BadRequest("limit is out of range")
	}
	return nil
}
