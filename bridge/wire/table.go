// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"reflect"

	"github.com/brobygger/brobygger/bridge"
)

// CommandSpec describes a command.
type CommandSpec struct {
	Type CommandType
	Doc  string
	Data reflect.Type // of d
	OK   reflect.Type // of the answer; nil for what is not answered, and has no id

	make func() any // a new d
}

// Answered reports whether the command has an id and is answered.
func (s CommandSpec) Answered() bool { return s.OK != nil }

func command[D, OK any](t CommandType, doc string) CommandSpec {
	return CommandSpec{t, doc, reflect.TypeFor[D](), reflect.TypeFor[OK](), func() any { return new(D) }}
}

func unanswered[D any](t CommandType, doc string) CommandSpec {
	return CommandSpec{t, doc, reflect.TypeFor[D](), nil, func() any { return new(D) }}
}

// Commands lists every command.
var Commands = []CommandSpec{
	command[Connect, Connected](CmdConnect, "Prove who you are; the first command, and only once."),
	command[Refresh, Refreshed](CmdRefresh, "Put a new token in place of the old, before it runs out."),
	unanswered[Bye](CmdBye, "End the connection; the session is gone at once."),
	unanswered[Ack](CmdAck, "Say what became of content, and how far you have come."),
	command[Sync, Synced](CmdSync, "Fetch what lies behind a place; the answer to a poke, and after any loss."),
	command[bridge.Draft, bridge.Sent](CmdSend, "Send a message. Repeat with the same mid as often as you like."),
	command[bridge.Draft, Previewed](CmdPreview, "What each recipient would see of a message; nothing is sent."),
	command[bridge.Amendment, Amended](CmdAmend, "Edit or retract your own message. The old text is kept on record."),
	command[Read, ReadDone](CmdRead, "You have read a conversation up to here."),
	command[Acknowledge, Acknowledged](CmdAcknowledge, "You have taken notice of a message that asks for it."),
	unanswered[Typing](CmdTyping, "You are writing. At most one in 3 s per conversation passes."),
	command[PresenceSub, PresenceSeen](CmdPresenceSub, "Follow who can be reached, in one patient's matter; or who can be rung on a line of yours."),
	command[PresenceUnsub, Empty](CmdPresenceUnsub, "Follow no longer."),
	command[PresenceSet, PresenceSet](CmdPresenceSet, "Say whether you can be reached."),
	command[bridge.NewRequest, ConsentRequested](CmdConsentRequest, "Ask the patient for a consent, and let a message wait for it."),
	command[bridge.NewGrant, ConsentGranted](CmdConsentGrant, "Give a consent."),
	command[ConsentDecline, Empty](CmdConsentDecline, "Say no to a request."),
	command[ConsentWithdraw, bridge.Withdrawal](CmdConsentWithdraw,
		"Take a consent back. Answered when nothing that relied on it can be shown any more, at most 4 s later."),
	command[ConsentPreview, ConsentPreviewed](CmdConsentPreview, "What a grant or a withdrawal would change; nothing is changed."),
	command[ConsentList, ConsentListed](CmdConsentList, "A patient's consents, objections and requests."),
	command[ConsentTextFor, bridge.ConsentText](CmdConsentText, "The text of a consent, to be shown before it is given."),
	command[ObjectionMake, ObjectionMade](CmdObjectionMake, "The patient says no to a party, a topic or a purpose."),
	command[ObjectionLift, Empty](CmdObjectionLift, "Lift an objection."),
	command[bridge.NewConversation, ConvOpened](CmdConvOpen, "Open a conversation about a patient. It stands in lists, yours too, from its first message on that is accepted or held; `conv.added` says so."),
	command[ConvList, ConvListed](CmdConvList, "Your conversations."),
	command[bridge.HistoryQuery, HistoryRead](CmdHistory, "Read messages of a conversation; each is a disclosure."),
	command[EmergencyAsk, EmergencyState](CmdEmergencyAsk, "Ask for emergency access."),
	command[EmergencyConfirm, EmergencyState](CmdEmergencyConfirm, "Confirm it within 2 minutes; it lasts 15."),
	command[TeamOf, TeamSeen](CmdTeam, "Who is involved with a patient, as far as you may know."),
	command[DirectoryFor, DirectoryFound](CmdDirectory, "Who works where."),
	command[EntriesAfter, EntriesRead](CmdEntries, "The patient's record: who was shown what, and on what ground."),
	command[SignOut, Empty](CmdSignOut, "Sign out everywhere: every connection of yours ends with 4504, this one behind the answer, and no token of before is taken any more. Answered when what they were given can't be shown any more, at most 4 s later."),
	command[LineSignal, Empty](CmdLineSignal, "Tell the other device of an answered ring how to hear yours. It is passed on as it is, and kept nowhere."),
	command[LineTurn, TurnGiven](CmdLineTurn, "A relay for the voice of an answered ring, for where the two devices can't reach each other. `not_found` where the bridge has none."),
	command[bridge.WhoQuery, bridge.WhoView](CmdLineWho, "Whether somebody would hear a ring for a patient now; a hint."),
	command[bridge.LinesQuery, LinesFound](CmdLineList, "Lines: which are open, what they promise, how many wait."),
	command[LineOf, bridge.LineState](CmdLineState, "A line of yours: who can be rung on it, and what goes on."),
	command[LineSwitch, bridge.LineView](CmdLineOpen, "Open a line of yours by hand."),
	command[LineSwitch, bridge.LineView](CmdLineClose, "Close a line of yours by hand."),
	command[LineWindow, bridge.LineView](CmdLineWindow, "Open a line of yours for one period besides its hours."),
	command[bridge.NewSwitch, Empty](CmdLineSwitch, "Do, or do not, ring me on a line."),
	command[LineRing, RingAnswer](CmdLineRing, "Ring somebody, or a line, about a patient."),
	command[RingOf, bridge.RingClaim](CmdLineShow, "What a ring is about; a disclosure, closed by an ack as those of history are."),
	command[RingOf, RingAnswer](CmdLineCancel, "Stop a ring of yours that nobody has answered."),
	command[RingOf, RingAnswer](CmdLineAccept, "Answer. One device wins; for every other it is ring_taken."),
	command[RingDecline, RingAnswer](CmdLineDecline, "Not now, or not me: the next people are rung."),
	command[RingHandOver, RingAnswer](CmdLineHandOver, "Ring others instead of you, who answered."),
	command[RingOf, RingAnswer](CmdLineEnd, "The talk is over."),
	command[bridge.NewCallback, CallbackAnswer](CmdCallbackAsk, "Take a place in the queue of a line that did not answer."),
	command[CallbackOf, CallbackAnswer](CmdCallbackTake, "I ring back."),
	command[CallbackOf, CallbackAnswer](CmdCallbackRetry, "Nobody was there; put it back in the queue."),
	command[CallbackEnd, CallbackAnswer](CmdCallbackClose, "Close a callback, with its outcome."),
	command[CallbackList, CallbacksListed](CmdCallbackList, "Who waits to be rung back: by a line of yours, or you."),
}

// PushSpec describes a push.
type PushSpec struct {
	Type    PushType
	Doc     string
	Durable bool         // an event of the party's log: has n, may have content and then b
	Data    reflect.Type // of d; nil for none
}

func durable[D any](t PushType, doc string) PushSpec {
	return PushSpec{t, doc, true, reflect.TypeFor[D]()}
}

func ephemeral[D any](t PushType, doc string) PushSpec {
	return PushSpec{t, doc, false, reflect.TypeFor[D]()}
}

// Pushes lists every push.
var Pushes = []PushSpec{
	durable[MessageEvent](PushMessage, "A message; also one's own, from another device."),
	durable[MessageEvent](PushAmended, "A message was edited or retracted."),
	durable[ReturnedEvent](PushReturned, "A held message of yours will not go: the patient said no, or did not answer."),
	durable[ReceiptEvent](PushReceipt, "A recipient was shown, has read, or has acknowledged your message. Or they came for it and may not be shown it, `withheld`, with `reasons`; when what stood in the way is gone, `pending` says that it is on its way again. `by` is left out where you may not know who it is."),
	durable[ConvEvent](PushConvAdded, "You are a member of a conversation that has begun; to its opener it comes with the first message that is accepted or held."),
	durable[ConvEvent](PushConvUpdated, "A conversation changed: members, or how far another device of yours has read."),
	durable[ConvEvent](PushConvLocked, "Nothing may pass in a conversation now."),
	durable[ConvEvent](PushConvUnlocked, "It may again."),
	durable[ConsentEvent](PushConsent, "A consent, request, objection or emergency access changed."),
	durable[RingEvent](PushLineRinging, "Somebody rings you. Show it while `view.left_ms` lasts, and claim what it is about by line.show."),
	durable[RingEvent](PushLineStop, "It rings no more on your devices; state says why, by who answered."),
	durable[RingEvent](PushLineState, "A ring of yours, or that you answered, has changed. When nobody answered, `view.fallback` says what you can do."),
	durable[CallbackEvent](PushLineCallback, "A callback of yours, or in the queue of a line of yours, has changed."),
	ephemeral[Welcome](PushWelcome, "The first frame."),
	{PushPoke, "There is something to fetch, up to n: sync.", false, nil},
	ephemeral[Resync](PushResync, "Your place means nothing any more: start afresh."),
	ephemeral[Authz](PushAuthz, "What you may do has changed."),
	ephemeral[TypingSeen](PushTyping, "Somebody is writing."),
	ephemeral[bridge.Presence](PushPresence, "Somebody can or can't be reached now."),
	ephemeral[bridge.LineState](PushLineAvail, "Who can be rung on a line that you follow has changed, or whether it is open."),
	ephemeral[LineSignal](PushLineSignal, "The other device of a ring tells how to hear it."),
	ephemeral[GoingAway](PushGoingAway, "The node is about to stop."),
	ephemeral[Disconnect](PushDisconnect, "The last frame, and why."),
}

var (
	commandSpecs = map[CommandType]CommandSpec{}
	pushSpecs    = map[PushType]PushSpec{}
)

func init() {
	for _, s := range Commands {
		commandSpecs[s.Type] = s
	}
	for _, s := range Pushes {
		pushSpecs[s.Type] = s
	}
}
