// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type consentCmd struct {
	List     consentListCmd     `cmd:"" help:"List a patient's consents and requests."`
	Text     consentTextCmd     `cmd:"" help:"Show the text that the patient would agree to."`
	Request  consentRequestCmd  `cmd:"" help:"Ask the patient for a consent."`
	Grant    consentGrantCmd    `cmd:"" help:"Say yes: to a request, or of one's own accord."`
	Decline  consentDeclineCmd  `cmd:"" help:"Say no to a request."`
	Preview  consentPreviewCmd  `cmd:"" help:"What a grant or a withdrawal would change."`
	Withdraw consentWithdrawCmd `cmd:"" help:"Take a consent back."`
}

// ofPatient is whose consent a command is about.
type ofPatient struct {
	remote
	Patient string `help:"Whose consent. A patient's own may be left out." placeholder:"ID" short:"p"`
}

// do connects and runs f for the patient, who is the caller where none is named.
func (o ofPatient) do(ctx context.Context, out *printer, f func(context.Context, *brobygger.Client, bridge.PatientID) error) error {
	return o.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		name := o.Patient
		if name == "" {
			own := c.Session().Party
			if own.Type() != bridge.TypePatient {
				return usagef("whose? Give --patient")
			}
			name = own.ID()
		}
		p, err := patientID(name)
		if err != nil {
			return err
		}
		return f(ctx, c, p)
	})
}

// scopeFlags are a scope on the command line.
type scopeFlags struct {
	From    []string  `help:"Who may tell." placeholder:"NAME"`
	To      []string  `help:"Who may know." placeholder:"NAME"`
	Both    bool      `help:"Both ways."`
	Topic   []string  `help:"About what." placeholder:"TOPIC" short:"t"`
	Purpose []string  `help:"Why." placeholder:"PURPOSE"`
	Case    string    `help:"The receiver's case, where the law asks for one." placeholder:"CASE"`
	Until   time.Time `help:"Until when (a date); without it, as long as the law allows." format:"2006-01-02" placeholder:"DATE"`
}

func (f scopeFlags) empty() bool { return len(f.From)+len(f.To)+len(f.Topic)+len(f.Purpose) == 0 }

func (f scopeFlags) scope(p bridge.PatientID) (bridge.Scope, error) {
	s := bridge.Scope{Both: f.Both, Case: f.Case, Period: bridge.Period{End: f.Until}}
	if len(f.From) == 0 || len(f.To) == 0 || len(f.Topic) == 0 || len(f.Purpose) == 0 {
		return s, usagef("a consent says between whom (--from, --to), about what (--topic) and why (--purpose)")
	}
	var err error
	if s.From, err = parties(f.From, p); err != nil {
		return s, err
	}
	if s.To, err = parties(f.To, p); err != nil {
		return s, err
	}
	if s.Topics, err = topics(f.Topic); err != nil {
		return s, err
	}
	s.Purposes, err = purposes(f.Purpose)
	return s, err
}

type consentListCmd struct{ ofPatient }

// Run lists consents, objections and requests.
func (l *consentListCmd) Run(ctx context.Context, out *printer) error {
	return l.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		got, err := c.Consents(ctx, p)
		if err != nil || out.value(got) {
			return err
		}
		out.learn(ctx, p, rulers(got)...)
		out.consents(got)
		return nil
	})
}

func (p *printer) consents(got wire.ConsentListed) {
	for _, r := range got.Requests {
		p.printf("\n%s\n", p.say("request", "who", p.bold(p.name(r.By)), "when", p.when(r.CreatedAt), "state", p.bold(code(p, "state", r.State))))
		p.field("  ", "because", p.apart(r.Reason))
		p.scope("  ", r.Scope)
		p.field("  ", "id", string(r.ID))
	}
	for _, c := range got.Consents {
		p.printf("\n%s\n", p.say("consent", "when", p.when(c.GrantedAt), "state", p.bold(code(p, "state", c.State))))
		p.scope("  ", c.Scope)
		e := c.Evidence
		p.field("  ", "given", p.say("evidence", "form", code(p, "form", e.Form), "who", p.name(e.RecordedBy), "language", code(p, "in", e.Language)))
		p.field("  ", "id", string(c.ID))
	}
	if len(got.Objections) > 0 {
		p.printf("\n%s\n", p.bold(p.say("objections")))
		p.objections(got.Objections)
	}
	if len(got.Requests)+len(got.Consents)+len(got.Objections) == 0 {
		p.tell("no consents")
	}
}

type consentTextCmd struct {
	ofPatient
	scopeFlags
	Request string `help:"The text of this request, in place of a scope." placeholder:"ID"`
	In      string `help:"Language: da, en, ar, fa." default:"da" placeholder:"LANG"`
}

// Run shows the text of a consent.
func (t *consentTextCmd) Run(ctx context.Context, out *printer) error {
	return t.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		scope, err := scopeFor(ctx, c, p, t.Request, t.scopeFlags)
		if err != nil {
			return err
		}
		text, err := c.ConsentText(ctx, p, scope, t.In)
		if err != nil || out.value(text) {
			return err
		}
		out.printf("%s\n\n%s\n", text.Body, out.dim(out.say("version", "version", text.Version, "hash", text.Hash)))
		return nil
	})
}

// scopeFor is the scope of a request, or the one that was typed.
func scopeFor(ctx context.Context, c *brobygger.Client, p bridge.PatientID, request string, f scopeFlags) (bridge.Scope, error) {
	if request == "" {
		return f.scope(p)
	}
	if !f.empty() {
		return bridge.Scope{}, usagef("a request has its scope; leave --from, --to, --topic and --purpose out")
	}
	got, err := c.Consents(ctx, p)
	if err != nil {
		return bridge.Scope{}, err
	}
	for _, r := range got.Requests {
		if string(r.ID) == request {
			return r.Scope, nil
		}
	}
	return bridge.Scope{}, bridge.ErrNotFound
}

type consentRequestCmd struct {
	ofPatient
	scopeFlags
	Reason string `arg:"" help:"Why you ask. The patient reads it."`
}

// Run asks the patient.
func (r *consentRequestCmd) Run(ctx context.Context, out *printer) error {
	return r.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		scope, err := r.scope(p)
		if err != nil {
			return err
		}
		got, err := c.RequestConsent(ctx, bridge.NewRequest{Patient: p, Scope: scope, Reason: r.Reason})
		if err != nil || out.value(got) {
			return err
		}
		out.learn(ctx, p, refsOfScope(got.Scope)...)
		out.tell("asked until", "patient", out.patient(p), "when", out.when(got.ExpiresAt))
		out.scope("  ", got.Scope)
		out.field("  ", "request id", string(got.ID))
		return nil
	})
}

type consentGrantCmd struct {
	ofPatient
	scopeFlags
	Request string `arg:"" optional:"" help:"The request to say yes to, where there are several; or give a scope."`
	In      string `help:"Language of the text that is agreed to: da, en, ar, fa." default:"da" placeholder:"LANG"`
	Form    string `help:"How it was given; a professional records paper or oral." enum:"signed-in,paper,oral,waived" default:"signed-in"`
	Because string `help:"Why writing was waived." placeholder:"WHY"`
}

// Run gives a consent.
func (g *consentGrantCmd) Run(ctx context.Context, out *printer) error {
	return g.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		var err error
		if g.Request == "" && g.empty() {
			if g.Request, err = onlyRequest(ctx, c, p); err != nil {
				return err
			}
		}
		n, text, err := newGrant(ctx, c, p, g.Request, g.scopeFlags, g.In)
		if err != nil {
			return err
		}
		n.Form, n.Reason = bridge.ConsentForm(g.Form), g.Because
		got, err := c.Grant(ctx, n)
		if err != nil || out.value(got) {
			return err
		}
		out.printf("%s\n\n", indent("  | ", text.Body))
		out.tell("agreed", "when", out.when(got.Scope.Period.End))
		out.command("  ", "brobygger consent withdraw"+g.flags()+" --patient "+quote(string(p))+" "+string(got.ID))
		return nil
	})
}

// newGrant reads the text of what is to be granted, as the patient would.
func newGrant(ctx context.Context, c *brobygger.Client, p bridge.PatientID, request string, f scopeFlags, language string) (bridge.NewGrant, bridge.ConsentText, error) {
	scope, err := scopeFor(ctx, c, p, request, f)
	if err != nil {
		return bridge.NewGrant{}, bridge.ConsentText{}, err
	}
	text, err := c.ConsentText(ctx, p, scope, language)
	n := bridge.NewGrant{Patient: p, Request: bridge.RequestID(request), Language: language, TextHash: text.Hash}
	if request == "" {
		n.Scope = &scope
	}
	return n, text, err
}

type consentDeclineCmd struct {
	ofPatient
	Request string `arg:"" optional:"" help:"The request's id, where there are several."`
}

// Run says no.
func (d *consentDeclineCmd) Run(ctx context.Context, out *printer) error {
	return d.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		var err error
		if d.Request == "" {
			if d.Request, err = onlyRequest(ctx, c, p); err != nil {
				return err
			}
		}
		if err := c.Decline(ctx, p, bridge.RequestID(d.Request)); err != nil {
			return err
		}
		if !out.value(map[string]string{"declined": d.Request}) {
			out.tell("declined")
		}
		return nil
	})
}

type consentPreviewCmd struct {
	ofPatient
	scopeFlags
	Withdraw string `help:"What taking this consent back would change." placeholder:"ID"`
	Grant    string `help:"What saying yes to this request would change; or give a scope." placeholder:"REQUEST"`
}

// Run shows what would change.
func (v *consentPreviewCmd) Run(ctx context.Context, out *printer) error {
	return v.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		change, err := v.change(ctx, c, p)
		if err != nil || out.value(change) {
			return err
		}
		for _, a := range append(change.Gain, change.Lose...) {
			out.learn(ctx, p, a.From, a.To)
		}
		out.change(change)
		return nil
	})
}

func (v *consentPreviewCmd) change(ctx context.Context, c *brobygger.Client, p bridge.PatientID) (bridge.Change, error) {
	if v.Withdraw != "" {
		return c.PreviewWithdrawal(ctx, p, bridge.ConsentID(v.Withdraw))
	}
	n, _, err := newGrant(ctx, c, p, v.Grant, v.scopeFlags, "da")
	if err != nil {
		return bridge.Change{}, err
	}
	return c.PreviewGrant(ctx, n)
}

// change says who gains and who loses.
func (p *printer) change(c bridge.Change) {
	for _, a := range c.Gain {
		p.printf("  %s\n", p.say("could", "from", p.bold(p.name(a.From)), "to", p.bold(p.name(a.To)), "topics", p.topics(a.Topics)))
	}
	for _, a := range c.Lose {
		p.printf("  %s\n", p.say("could not", "from", p.bold(p.name(a.From)), "to", p.bold(p.name(a.To)), "topics", p.topics(a.Topics)))
	}
	if len(c.Gain)+len(c.Lose) == 0 {
		p.printf("  %s\n", p.say("no change"))
	}
	p.printf("  %s\n", p.say("conversations change", "n", len(c.Conversations)))
}

type consentWithdrawCmd struct {
	ofPatient
	Consent string `arg:"" optional:"" help:"The consent's id, where there are several."`
}

// Run takes a consent back.
func (w *consentWithdrawCmd) Run(ctx context.Context, out *printer) error {
	return w.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		var err error
		if w.Consent == "" {
			if w.Consent, err = onlyConsent(ctx, c, p); err != nil {
				return err
			}
		}
		got, err := c.Withdraw(ctx, p, bridge.ConsentID(w.Consent))
		if err != nil || out.value(got) {
			return err
		}
		out.withdrawal(got)
		return nil
	})
}

// withdrawal words the answer to a withdrawal: when, how many came before, of how
// many it is not known whether they were shown.
func (p *printer) withdrawal(w bridge.Withdrawal) {
	key := "taken back"
	switch w.Disclosures {
	case 0:
		key = "taken back none"
	case 1:
		key = "taken back one"
	}
	p.tell(key, "clock", clock(w.At), "n", w.Disclosures)
	if len(w.Unconfirmed) > 0 {
		p.tell("unconfirmed", "n", len(w.Unconfirmed))
	}
	p.tell("from now on")
}

// rulers are those whom consents, requests and objections name.
func rulers(got wire.ConsentListed) []bridge.Ref {
	var refs []bridge.Ref
	for _, r := range got.Requests {
		refs = append(append(refs, r.By), refsOfScope(r.Scope)...)
	}
	for _, c := range got.Consents {
		refs = append(append(refs, c.Evidence.RecordedBy), refsOfScope(c.Scope)...)
	}
	for _, o := range got.Objections {
		refs = append(refs, refsOf(o.Parties)...)
	}
	return refs
}
