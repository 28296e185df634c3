// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"unicode/utf8"

	"github.com/brobygger/brobygger/bridge"
)

// plainCommand reads, in one pass and without reflection, a frame of the commands
// that come most, as clients write them: no spaces, t before d, nothing that is
// unknown. Everything else, and everything that is wrong, is not ok here and goes
// the long way, which says what is wrong. Both ways read a frame as the same
// command (FuzzPlain).
func plainCommand(frame []byte) (c Command, ok bool) {
	if !utf8.Valid(frame) {
		return Command{}, false
	}
	p := plain{data: frame}
	var typed, identified bool
	p.object(func(name string) {
		switch {
		case name == "id" && !identified:
			identified, c.ID = true, uint32(p.number(1<<32-1))
		case name == "t" && !typed:
			typed, c.Type = true, p.commandType()
		case name == "b" && c.Beat == 0:
			c.Beat = p.number(MaxBeat)
		case name == "d" && c.Data == nil:
			c.Data = p.commandData(c.Type)
		default:
			p.bad = true
		}
	})
	if p.bad || p.at != len(frame) || c.Beat == 0 || c.Data == nil {
		return Command{}, false
	}
	if answered := c.Type != CmdAck && c.Type != CmdTyping; answered != identified || answered != (c.ID != 0) {
		return Command{}, false
	}
	return c, true
}

// commandType reads one of those that commandData knows.
func (p *plain) commandType() CommandType {
	for _, t := range [...]CommandType{CmdSend, CmdAck, CmdRead, CmdAcknowledge, CmdTyping} {
		if p.literal(`"` + string(t) + `"`) {
			return t
		}
	}
	p.bad = true
	return ""
}

func (p *plain) commandData(t CommandType) any {
	switch t {
	case CmdSend:
		return p.draft()
	case CmdAck:
		return p.ack()
	case CmdRead:
		return p.read()
	case CmdAcknowledge:
		return p.acknowledge()
	case CmdTyping:
		return p.typing()
	default: // no t yet
		p.bad = true
		return nil
	}
}

func (p *plain) draft() *bridge.Draft {
	d := new(bridge.Draft)
	var seen names
	p.object(func(name string) {
		switch name {
		case "mid":
			seen.once(p, 0)
			d.MID = p.text()
		case "conv":
			seen.once(p, 1)
			d.Conversation = bridge.ConversationID(p.text())
		case "parts":
			seen.once(p, 2)
			d.Parts = make([]bridge.Part, 0, 1)
			p.array(func() { d.Parts = append(d.Parts, p.part()) })
		case "priority":
			seen.once(p, 3)
			d.Priority = bridge.Priority(p.text())
		case "reply_to":
			seen.once(p, 4)
			d.ReplyTo = bridge.MessageID(p.text())
		case "ack_requested":
			seen.once(p, 5)
			d.AckRequested = p.flag()
		default: // attachments, too, are rare
			p.bad = true
		}
	})
	return d
}

func (p *plain) part() (part bridge.Part) {
	var seen names
	p.object(func(name string) {
		switch name {
		case "topics":
			seen.once(p, 0)
			part.Topics = make([]bridge.Topic, 0, 1)
			p.array(func() { part.Topics = append(part.Topics, p.topic()) })
		case "text":
			seen.once(p, 1)
			part.Text = p.text()
		default:
			p.bad = true
		}
	})
	return part
}

// topic makes no new string of a topic that is known.
func (p *plain) topic() bridge.Topic {
	s := p.quoted()
	for _, t := range bridge.Topics {
		if string(s) == string(t) {
			return t
		}
	}
	p.bad = true
	return ""
}

func (p *plain) ack() *Ack {
	a := new(Ack)
	var seen names
	p.object(func(name string) {
		switch name {
		case "n":
			seen.once(p, 0)
			a.N = p.number(MaxBeat)
		case "shown":
			seen.once(p, 1)
			a.Shown = p.disclosures()
		case "stale":
			seen.once(p, 2)
			a.Stale = p.disclosures()
		default:
			p.bad = true
		}
	})
	return a
}

func (p *plain) disclosures() []bridge.DisclosureID {
	all := make([]bridge.DisclosureID, 0, 1)
	p.array(func() { all = append(all, bridge.DisclosureID(p.text())) })
	return all
}

func (p *plain) read() *Read {
	r := new(Read)
	var seen names
	p.object(func(name string) {
		switch name {
		case "conv":
			seen.once(p, 0)
			r.Conversation = bridge.ConversationID(p.text())
		case "seq":
			seen.once(p, 1)
			r.Seq = p.number(MaxBeat)
		default:
			p.bad = true
		}
	})
	return r
}

func (p *plain) acknowledge() *Acknowledge {
	a := new(Acknowledge)
	var seen names
	p.object(func(name string) {
		if name != "message" {
			p.bad = true
			return
		}
		seen.once(p, 0)
		a.Message = bridge.MessageID(p.text())
	})
	return a
}

func (p *plain) typing() *Typing {
	t := new(Typing)
	var seen names
	p.object(func(name string) {
		switch name {
		case "conv":
			seen.once(p, 0)
			t.Conversation = bridge.ConversationID(p.text())
		case "on":
			seen.once(p, 1)
			t.On = p.flag()
		default:
			p.bad = true
		}
	})
	return t
}
