// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// The frames of brobygger.v1. Written from the Go types of bridge/wire by
// `go test ./bridge/wire -update`; do not edit. The contract in prose is
// docs/protocol.md.

export const SUBPROTOCOL = "brobygger.v1";

/** RFC 3339. */
export type Time = string;

/** Times, in milliseconds. */
export const TIMES = {
  auth: 10000,
  ping: 25000,
  pong: 10000,
  fresh: 3000,
  typingLifetime: 8000,
  typingEvery: 3000,
  backoffFirst: 500,
  backoffLongest: 30000,
  command: 10000,
} as const;

/** Sizes: see docs/protocol.md. */
export const LIMITS = {
  message: 65536,
  beforeAuth: 8192,
  frames: 64,
  depth: 16,
  body: 16384,
  parts: 16,
  attachment: 10485760,
  members: 50,
  claims: 500,
  sync: 500,
  history: 200,
  entries: 200,
  list: 200,
  watch: 200,
} as const;

/** Close codes. 4000 to 4499: come back. 4500 to 4999: stop. */
export const CLOSE = {
  /** The node stops. Come back after the time of going_away. */
  draining: 4000,
  /** The client reads too slowly. What it missed is kept; resume. */
  slow: 4001,
  /** No sign of life within 10 s of a ping, or a message that took longer than 10 s to arrive. */
  no_pong: 4002,
  /** The position of the session can't be right. Connect and resume; a resync may follow. */
  gap: 4003,
  /** The token ran out. Get another, then come back. */
  token_expired: 4004,
  /** Far too many commands. Come back, and slow down. */
  rate_limited: 4005,
  /** The token's key is not known here yet. Come back with the same token; its issuer is asked at most once a minute. */
  key_unknown: 4006,
  /** The token or ticket is no good. Sign in again. */
  unauthenticated: 4500,
  /** A frame that breaks this protocol, or one that is too large. */
  bad_request: 4501,
  /** Another version of the protocol. */
  unsupported_version: 4502,
  /** No connect was accepted within 10 s. */
  auth_timeout: 4503,
  /** The session was ended: signed out, or by an administrator. */
  kicked: 4504,
  /** More than 8 connections of one person. */
  too_many: 4505,
  /** The account is closed. */
  account_disabled: 4506,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** Whether a client may connect again after this close code. */
export function comeBack(code: number): boolean {
  return code < 4500 || code > 4999;
}

export type ErrorCode = "account_disabled" | "bad_request" | "busy" | "conflict" | "consent_required" | "consent_withdrawn" | "erased" | "forbidden" | "internal" | "key_unknown" | "line_unavailable" | "not_found" | "policy_unavailable" | "purpose_not_allowed" | "rate_limited" | "resync_required" | "ring_expired" | "ring_taken" | "storage_full" | "token_expired" | "too_large" | "unauthenticated" | "unsupported_version";

/** Whether the same command may succeed later by itself. */
export const RETRY: Record<ErrorCode, boolean> = {
  account_disabled: false,
  bad_request: false,
  busy: true,
  conflict: false,
  consent_required: false,
  consent_withdrawn: false,
  erased: false,
  forbidden: false,
  internal: true,
  key_unknown: true,
  line_unavailable: true,
  not_found: false,
  policy_unavailable: true,
  purpose_not_allowed: false,
  rate_limited: true,
  resync_required: false,
  ring_expired: false,
  ring_taken: false,
  storage_full: true,
  token_expired: false,
  too_large: false,
  unauthenticated: false,
  unsupported_version: false,
};

export const TOPICS: readonly Topic[] = ["mental-health", "medication", "substance-use", "somatic-health", "social-situation", "housing", "employment", "practical"];

export const PURPOSES: readonly Purpose[] = ["treatment", "care-coordination", "discharge", "social-casework", "employment-followup", "benefit-assessment", "emergency"];

/** What each command holds (d), and what answers it (ok). */
export interface Commands {
  /** Prove who you are; the first command, and only once. */
  "connect": { d: Connect; ok: Connected };
  /** Put a new token in place of the old, before it runs out. */
  "refresh": { d: Refresh; ok: Refreshed };
  /** End the connection; the session is gone at once. */
  "bye": { d: Bye; ok: never };
  /** Say what became of content, and how far you have come. */
  "ack": { d: Ack; ok: never };
  /** Fetch what lies behind a place; the answer to a poke, and after any loss. */
  "sync": { d: Sync; ok: Synced };
  /** Send a message. Repeat with the same mid as often as you like. */
  "send": { d: Draft; ok: Sent };
  /** What each recipient would see of a message; nothing is sent. */
  "preview": { d: Draft; ok: Previewed };
  /** Edit or retract your own message. The old text is kept on record. */
  "amend": { d: Amendment; ok: Amended };
  /** You have read a conversation up to here. */
  "read": { d: Read; ok: ReadDone };
  /** You have taken notice of a message that asks for it. */
  "msg.ack": { d: Acknowledge; ok: Acknowledged };
  /** You are writing. At most one in 3 s per conversation passes. */
  "typing": { d: Typing; ok: never };
  /** Follow who can be reached, in one patient's matter; or who can be rung on a line of yours. */
  "presence.sub": { d: PresenceSub; ok: PresenceSeen };
  /** Follow no longer. */
  "presence.unsub": { d: PresenceUnsub; ok: Empty };
  /** Say whether you can be reached. */
  "presence.set": { d: PresenceSet; ok: PresenceSet };
  /** Ask the patient for a consent, and let a message wait for it. */
  "consent.request": { d: NewRequest; ok: ConsentRequested };
  /** Give a consent. */
  "consent.grant": { d: NewGrant; ok: ConsentGranted };
  /** Say no to a request. */
  "consent.decline": { d: ConsentDecline; ok: Empty };
  /** Take a consent back. Answered when nothing that relied on it can be shown any more, at most 4 s later. */
  "consent.withdraw": { d: ConsentWithdraw; ok: Withdrawal };
  /** What a grant or a withdrawal would change; nothing is changed. */
  "consent.preview": { d: ConsentPreview; ok: ConsentPreviewed };
  /** A patient's consents, objections and requests. */
  "consent.list": { d: ConsentList; ok: ConsentListed };
  /** The text of a consent, to be shown before it is given. */
  "consent.text": { d: ConsentTextFor; ok: ConsentText };
  /** The patient says no to a party, a topic or a purpose. */
  "objection.make": { d: ObjectionMake; ok: ObjectionMade };
  /** Lift an objection. */
  "objection.lift": { d: ObjectionLift; ok: Empty };
  /** Open a conversation about a patient. It stands in lists, yours too, from its first message on that is accepted or held; `conv.added` says so. */
  "conv.open": { d: NewConversation; ok: ConvOpened };
  /** Your conversations. */
  "conv.list": { d: ConvList; ok: ConvListed };
  /** Read messages of a conversation; each is a disclosure. */
  "history": { d: HistoryQuery; ok: HistoryRead };
  /** Ask for emergency access. */
  "emergency.ask": { d: EmergencyAsk; ok: EmergencyState };
  /** Confirm it within 2 minutes; it lasts 15. */
  "emergency.confirm": { d: EmergencyConfirm; ok: EmergencyState };
  /** Who is involved with a patient, as far as you may know. */
  "team": { d: TeamOf; ok: TeamSeen };
  /** Who works where. */
  "directory": { d: DirectoryFor; ok: DirectoryFound };
  /** The patient's record: who was shown what, and on what ground. */
  "entries": { d: EntriesAfter; ok: EntriesRead };
  /** Sign out everywhere: every connection of yours ends with 4504, this one behind the answer, and no token of before is taken any more. Answered when what they were given can't be shown any more, at most 4 s later. */
  "sign_out": { d: SignOut; ok: Empty };
  /** Tell the other device of an answered ring how to hear yours. It is passed on as it is, and kept nowhere. */
  "line.signal": { d: LineSignal; ok: Empty };
  /** A relay for the voice of an answered ring, for where the two devices can't reach each other. `not_found` where the bridge has none. */
  "line.turn": { d: LineTurn; ok: TurnGiven };
  /** Whether somebody would hear a ring for a patient now; a hint. */
  "line.who": { d: WhoQuery; ok: WhoView };
  /** Lines: which are open, what they promise, how many wait. */
  "line.list": { d: LinesQuery; ok: LinesFound };
  /** A line of yours: who can be rung on it, and what goes on. */
  "line.state": { d: LineOf; ok: LineState };
  /** Open a line of yours by hand. */
  "line.open": { d: LineSwitch; ok: LineView };
  /** Close a line of yours by hand. */
  "line.close": { d: LineSwitch; ok: LineView };
  /** Open a line of yours for one period besides its hours. */
  "line.window": { d: LineWindow; ok: LineView };
  /** Do, or do not, ring me on a line. */
  "line.switch": { d: NewSwitch; ok: Empty };
  /** Ring somebody, or a line, about a patient. */
  "line.ring": { d: LineRing; ok: RingAnswer };
  /** What a ring is about; a disclosure, closed by an ack as those of history are. */
  "line.show": { d: RingOf; ok: RingClaim };
  /** Stop a ring of yours that nobody has answered. */
  "line.cancel": { d: RingOf; ok: RingAnswer };
  /** Answer. One device wins; for every other it is ring_taken. */
  "line.accept": { d: RingOf; ok: RingAnswer };
  /** Not now, or not me: the next people are rung. */
  "line.decline": { d: RingDecline; ok: RingAnswer };
  /** Ring others instead of you, who answered. */
  "line.handoff": { d: RingHandOver; ok: RingAnswer };
  /** The talk is over. */
  "line.end": { d: RingOf; ok: RingAnswer };
  /** Take a place in the queue of a line that did not answer. */
  "line.callback": { d: NewCallback; ok: CallbackAnswer };
  /** I ring back. */
  "line.callback.take": { d: CallbackOf; ok: CallbackAnswer };
  /** Nobody was there; put it back in the queue. */
  "line.callback.retry": { d: CallbackOf; ok: CallbackAnswer };
  /** Close a callback, with its outcome. */
  "line.callback.close": { d: CallbackEnd; ok: CallbackAnswer };
  /** Who waits to be rung back: by a line of yours, or you. */
  "line.callbacks": { d: CallbackList; ok: CallbacksListed };
}

export type CommandType = keyof Commands;

/** Commands that have no id and are not answered. */
export type Unanswered = "bye" | "ack" | "typing";

export type Answered = Exclude<CommandType, Unanswered>;

/** What each push holds (d). */
export interface Pushes {
  /** A message; also one's own, from another device. */
  "message": MessageEvent;
  /** A message was edited or retracted. */
  "message.amended": MessageEvent;
  /** A held message of yours will not go: the patient said no, or did not answer. */
  "message.returned": ReturnedEvent;
  /** A recipient was shown, has read, or has acknowledged your message. Or they came for it and may not be shown it, `withheld`, with `reasons`; when what stood in the way is gone, `pending` says that it is on its way again. `by` is left out where you may not know who it is. */
  "receipt": ReceiptEvent;
  /** You are a member of a conversation that has begun; to its opener it comes with the first message that is accepted or held. */
  "conv.added": ConvEvent;
  /** A conversation changed: members, or how far another device of yours has read. */
  "conv.updated": ConvEvent;
  /** Nothing may pass in a conversation now. */
  "conv.locked": ConvEvent;
  /** It may again. */
  "conv.unlocked": ConvEvent;
  /** A consent, request, objection or emergency access changed. */
  "consent.state": ConsentEvent;
  /** Somebody rings you. Show it while `view.left_ms` lasts, and claim what it is about by line.show. */
  "line.ringing": RingEvent;
  /** It rings no more on your devices; state says why, by who answered. */
  "line.stop": RingEvent;
  /** A ring of yours, or that you answered, has changed. When nobody answered, `view.fallback` says what you can do. */
  "line.state": RingEvent;
  /** A callback of yours, or in the queue of a line of yours, has changed. */
  "line.callback": CallbackEvent;
  /** The first frame. */
  "welcome": Welcome;
  /** There is something to fetch, up to n: sync. */
  "poke": undefined;
  /** Your place means nothing any more: start afresh. */
  "resync": Resync;
  /** What you may do has changed. */
  "authz": Authz;
  /** Somebody is writing. */
  "typing": TypingSeen;
  /** Somebody can or can't be reached now. */
  "presence": Presence;
  /** Who can be rung on a line that you follow has changed, or whether it is open. */
  "line.avail": LineState;
  /** The other device of a ring tells how to hear it. */
  "line.signal": LineSignal;
  /** The node is about to stop. */
  "going_away": GoingAway;
  /** The last frame, and why. */
  "disconnect": Disconnect;
}

export type PushType = keyof Pushes;

/** Pushes that are events of the party's log, and carry n. */
export type DurableType = "message" | "message.amended" | "message.returned" | "receipt" | "conv.added" | "conv.updated" | "conv.locked" | "conv.unlocked" | "consent.state" | "line.ringing" | "line.stop" | "line.state" | "line.callback";

export type EphemeralType = "welcome" | "resync" | "authz" | "typing" | "presence" | "line.avail" | "line.signal" | "going_away" | "disconnect";

/** A command frame: b is the client's own counter, and grows with each frame. */
export type Command =
  | { [T in Answered]: { id: number; t: T; b: number; d: Commands[T]["d"] } }[Answered]
  | { [T in Unanswered]: { t: T; b: number; d: Commands[T]["d"] } }[Unanswered];

/** The answer to a ping. */
export interface SignOfLife {
  b: number;
}

export type Reply<T extends Answered = Answered> =
  | { id: number; b?: number; ok: Commands[T]["ok"]; err?: undefined }
  | { id: number; err: WireError; ok?: undefined };

/** A push that is an event of the party's log; b is there when it has content. */
export type DurablePush = { [T in DurableType]: { t: T; n: number; b?: number; d: Pushes[T] } }[DurableType];

export interface Poke {
  t: "poke";
  n: number;
}

export type EphemeralPush = { [T in EphemeralType]: { t: T; d: Pushes[T] } }[EphemeralType];

export type Push = DurablePush | Poke | EphemeralPush;

/** Asks for a sign of life. */
export type Ping = Record<string, never>;

export type ServerFrame = Reply | Push | Ping;

/** Reads the frames of one message; a message may hold several, one in a line. */
export function readFrames(message: string): ServerFrame[] {
  return message
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as ServerFrame);
}

export function isReply(frame: ServerFrame): frame is Reply {
  return "id" in frame;
}

export function isPush(frame: ServerFrame): frame is Push {
  return "t" in frame;
}

export function isPing(frame: ServerFrame): frame is Ping {
  return !("id" in frame) && !("t" in frame);
}

/** Whether a push is an event of the party's log. */
export function isDurable(push: Push): push is DurablePush {
  return "n" in push && push.t !== "poke";
}

/**
 * Ref names one resource in the manner of a FHIR literal reference, "Type/id":
 * "PractitionerRole/holm-noerregade", "Patient/jens". It is the only form in
 * which a party is named on the wire, in a decision and in an entry. The id is
 * opaque and never a national identifier.
 */
export type Ref = string;

/**
 * Position is a place in a party's log. Log is the random id of the store, which
 * a restore from a backup changes: an n of another log means nothing.
 */
export interface Position {
  log: string;
  n: number;
}

/**
 * Connect is the first command of a connection. Exactly one of Token and Ticket
 * is set.
 */
export interface Connect {
  token?: string;
  ticket?: string;
  role?: Ref;
  device?: string;
  app?: string;
  lang?: string;
  fresh: boolean;
  features?: string[];
  resume?: Position;
}

/** Limits are told to the client in the answer to connect. */
export interface Limits {
  max_message: number;
  max_frames: number;
  max_body: number;
  max_parts: number;
  max_attachment: number;
  max_members: number;
  rate: number;
  burst: number;
  fresh_ms: number;
}

/** RingID names one attempt to reach somebody. */
export type RingID = string;

/** RingState is how far a ring has come. */
export type RingState = "ringing" | "accepted" | "ended" | "cancelled" | "unanswered";

/** RingSide is what somebody has to do with a ring. */
export type RingSide = "caller" | "target" | "talker";

/** LineID names one line. */
export type LineID = string;

/** PatientID names the patient that information is about. */
export type PatientID = "brobygger-canary" | "brobygger-nobody";

/** CareFunction is what somebody is for one patient. */
export type CareFunction = "own-gp" | "treating-psychiatrist" | "treating-physician" | "contact-nurse" | "support-worker" | "caseworker" | "care-manager" | "interpreter";

/**
 * Party names whom a scope is about: exactly one of Ref and Function is set. An
 * organization stands for itself and its units.
 */
export interface Party {
  ref?: Ref;
  function?: CareFunction;
}

/** Purpose is why information is used. */
export type Purpose = "treatment" | "care-coordination" | "discharge" | "social-casework" | "employment-followup" | "benefit-assessment" | "emergency";

/** Topic is a kind of information. A part of a message carries at least one. */
export type Topic = "mental-health" | "medication" | "substance-use" | "somatic-health" | "social-situation" | "housing" | "employment" | "practical";

/** ConversationID names a conversation. */
export type ConversationID = string;

/**
 * Code is a machine-readable reason, basis of an error or a denial:
 * "consent_required", "objection". Texts are the policy's.
 */
export type Code = ErrorCode | (string & {});

/** Promise is what a line promises its callers; its report counts what was kept. */
export interface Promise {
  answer_seconds?: number;
  callback_minutes?: number;
}

/** Period is a span of time, [Start, End). A zero End means open. */
export interface Period {
  start: Time;
  end?: Time;
}

/** Fallback is what a caller whom nobody answered can do. */
export interface Fallback {
  line?: LineID;
  inbox?: Ref;
  phone?: string;
  waiting: number;
  promise?: Promise;
  due_at?: Time;
  windows?: Period[];
}

/**
 * RingView is a ring as one of its parties sees it. A target is told that it
 * rings, and what it is about only by ShowRing.
 */
export interface RingView {
  id: RingID;
  rev: number;
  state: RingState;
  mine?: RingSide;
  line?: LineID;
  line_name?: string;
  urgent?: boolean;
  voice?: boolean;
  left_ms?: number;
  by?: Ref;
  device?: string;
  patient?: PatientID;
  caller?: Ref;
  wanted?: Party;
  purpose?: Purpose;
  case?: string;
  topics?: Topic[];
  via?: string;
  ringing?: Ref[];
  conversation?: ConversationID;
  started_at?: Time;
  answered_at?: Time;
  ended_at?: Time;
  ended?: Code;
  fallback?: Fallback;
  out_of_date?: boolean;
}

/**
 * Connected answers Connect. N is the client's place: that of Resume when
 * Resumed, with what lies behind it following as pushes; else the newest.
 */
export interface Connected {
  session: string;
  party: Ref;
  person: Ref;
  ttl_ms: number;
  ping_ms: number;
  time_ms: number;
  log: string;
  n: number;
  resumed: boolean;
  features: string[];
  limits: Limits;
  rings: RingView[];
}

/**
 * Refresh puts a new token in the place of the one that the session began with.
 * It must be the same subject's.
 */
export interface Refresh {
  token?: string;
  ticket?: string;
}

/** Refreshed answers Refresh. */
export interface Refreshed {
  ttl_ms: number;
}

/** Bye ends the connection. It is not answered. */
export type Bye = Record<string, never>;

/** DisclosureID names one handing over of content. */
export type DisclosureID = string;

/** Ack says what became of content. It is not answered. */
export interface Ack {
  n: number;
  shown?: DisclosureID[];
  stale?: DisclosureID[];
}

/** Sync asks for what lies behind a place. Limit 0 means 100. */
export interface Sync {
  since: Position;
  limit?: number;
}

/** Synced answers Sync. */
export interface Synced {
  events: DurablePush[];
  n: number;
  more: boolean;
}

/** Part is a piece of a message about named topics. Redaction takes whole parts. */
export interface Part {
  topics: Topic[];
  text?: string;
  withheld?: boolean;
}

/** AttachmentID names an attachment. */
export type AttachmentID = string;

/**
 * Priority says how soon a message wants to be seen. It never stands in for the
 * telephone: nothing acute goes by message.
 */
export type Priority = "routine" | "urgent";

/** MessageID names a message for ever. */
export type MessageID = string;

/** Draft is what a sender asks to be sent. */
export interface Draft {
  mid: string;
  conv: ConversationID;
  parts?: Part[];
  attachments?: AttachmentID[];
  priority?: Priority;
  reply_to?: MessageID;
  ack_requested?: boolean;
}

/** MessageState says what became of a message. */
export type MessageState = "accepted" | "held" | "returned";

/** RemedyKind is what somebody can do about a denial. */
export type RemedyKind = "ask-patient" | "ask-treating-team" | "emergency" | "ring" | "write" | "phone" | "name-purpose" | "name-topics" | "name-case" | "sign-in-higher";

/**
 * Scope is what a consent permits: between whom, about what, why, in which case
 * and until when. An empty From, To, Topics or Purposes is refused: a wildcard
 * consent is no consent (guidance 9330/2019 pt 117).
 */
export interface Scope {
  from: Party[];
  to: Party[];
  both: boolean;
  topics: Topic[];
  purposes: Purpose[];
  case?: string;
  period: Period;
}

/** Remedy is a way out of a denial that a client can act on at once. */
export interface Remedy {
  kind: RemedyKind;
  scope?: Scope;
}

/** PresenceState is whether somebody can be reached now. */
export type PresenceState = "online" | "away" | "dnd" | "offline" | "unknown";

/** 0 is Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/**
 * Hours is one weekly window in which somebody works, in the local time of
 * Europe/Copenhagen unless the configuration says otherwise (FHIR availableTime).
 */
export interface Hours {
  days: Weekday[];
  start: string;
  end: string;
}

/**
 * Reachable is shown before one writes: hours and absence from the directory,
 * presence from live state.
 */
export interface Reachable {
  presence: PresenceState;
  in_hours: boolean;
  hours?: Hours[];
  away_until?: Time;
  away_reason?: string;
  substitute?: Ref;
}

/** SeenBy says what one recipient will see, or has been given. */
export interface SeenBy {
  recipient?: Ref;
  via?: Party;
  allow: boolean;
  basis?: string;
  redact?: Topic[];
  parts?: Part[];
  reasons?: Code[];
  remedies?: Remedy[];
  reachable?: Reachable;
}

/** Sent is the answer to a Draft. */
export interface Sent {
  message: MessageID;
  seq?: number;
  state: MessageState;
  at: Time;
  duplicate?: boolean;
  recipients: SeenBy[];
}

/** Previewed answers a preview: what each recipient would see. */
export interface Previewed {
  recipients: SeenBy[];
}

/**
 * Amendment edits or retracts one's own message. The earlier text is kept as a
 * version; an edit may not add a topic, since it was decided without it.
 */
export interface Amendment {
  message: MessageID;
  retract?: boolean;
  parts?: Part[];
  reason: string;
}

/**
 * Attachment describes a file of a message: PDF, PNG, JPEG or plain text, found
 * by its bytes and not by its name, at most MaxAttachment long.
 */
export interface Attachment {
  id: AttachmentID;
  patient: PatientID;
  owner: Ref;
  message?: MessageID;
  name: string;
  type: string;
  size: number;
  sha256: string;
  topics: Topic[];
  at: Time;
  withheld?: boolean;
}

/** RequestID names a consent request. */
export type RequestID = string;

/**
 * ConsentID is never reused: a new grant is a new id (I6), so that a withdrawn
 * consent can't come back to life.
 */
export type ConsentID = string;

/** Message is content sent once by one party to the members of a conversation. */
export interface Message {
  id: MessageID;
  conversation: ConversationID;
  patient: PatientID;
  seq?: number;
  mid: string;
  sender: Ref;
  subject?: string;
  parts: Part[];
  attachments?: Attachment[];
  priority: Priority;
  reply_to?: MessageID;
  ack_requested?: boolean;
  state: MessageState;
  sent_at: Time;
  version: number;
  edited?: boolean;
  retracted?: boolean;
  request?: RequestID;
  purpose: Purpose;
  case?: string;
  basis?: string;
  consents?: ConsentID[];
  revision?: string;
}

/** Amended answers an amendment with the message as it stands now. */
export interface Amended {
  message: Message;
}

/** Read moves the caller's marker up to Seq. */
export interface Read {
  conv: ConversationID;
  seq: number;
}

/** ReadDone answers Read. */
export interface ReadDone {
  read_seq: number;
}

/** Acknowledge answers a message that asks for it. */
export interface Acknowledge {
  message: MessageID;
}

/** Acknowledged answers Acknowledge. */
export interface Acknowledged {
  at: Time;
}

/** Typing says that somebody writes. It is not answered. */
export interface Typing {
  conv: ConversationID;
  on: boolean;
}

/**
 * PresenceSub follows the presence of members, in one patient's matter, or who can
 * be rung on a line, for its own people: Patient and Members are set, or Line.
 */
export interface PresenceSub {
  patient?: PatientID;
  members?: Party[];
  line?: LineID;
}

/**
 * Presence is one party's aggregate over devices: the most reachable device
 * wins, do-not-disturb over all.
 */
export interface Presence {
  party: Ref;
  state: PresenceState;
  pe: string;
  rev: number;
  age_ms: number;
}

/** LineView is what professionals may see of a line. It is about no patient. */
export interface LineView {
  line: LineID;
  name: string;
  organization: string;
  owner: string;
  open: boolean;
  until?: Time;
  next?: Time;
  reason?: string;
  promise: Promise;
  waiting: number;
  mine?: boolean;
  manages?: boolean;
  on?: boolean;
  out_of_date?: boolean;
}

/** OnDuty is one of a line's people who would be rung now. */
export interface OnDuty {
  party: Ref;
  name: string;
  via: string;
  busy?: boolean;
}

/** LineState is a line as its own people see it. */
export interface LineState extends LineView {
  people: OnDuty[];
  ringing: number;
  talking: number;
  callbacks: number;
}

/**
 * PresenceSeen answers PresenceSub with those whom the caller may see, or with the
 * line.
 */
export interface PresenceSeen {
  presence: Presence[];
  line?: LineState;
}

/** PresenceUnsub ends what PresenceSub began for this patient, or for this line. */
export interface PresenceUnsub {
  patient?: PatientID;
  line?: LineID;
}

/** Empty is an answer that says no more than that it was done. */
export type Empty = Record<string, never>;

/** PresenceMode is what somebody says of being reachable. */
export type PresenceMode = "auto" | "away" | "dnd";

/** PresenceSet sets the mode. Auto ends both others. */
export interface PresenceSet {
  mode: PresenceMode;
  until?: Time;
}

/**
 * NewRequest asks the patient. With Hold, the draft waits for the answer: it goes
 * by itself when the patient says yes, and returns when they say no or a week
 * has passed.
 */
export interface NewRequest {
  mid: string;
  patient: PatientID;
  scope: Scope;
  reason: string;
  hold?: Draft;
}

/** RequestState is how far a consent request has come. */
export type RequestState = "pending" | "granted" | "declined" | "expired";

/** ConsentRequest asks the patient for a consent. Messages may wait for it. */
export interface ConsentRequest {
  id: RequestID;
  patient: PatientID;
  by: Ref;
  scope: Scope;
  reason: string;
  state: RequestState;
  created_at: Time;
  expires_at: Time;
  answered_at?: Time;
  consent?: ConsentID;
}

/** ConsentRequested answers consent.request. */
export interface ConsentRequested {
  request: ConsentRequest;
}

/** ConsentForm is how a consent was given. */
export type ConsentForm = "signed-in" | "paper" | "oral" | "waived";

/** NewGrant gives a consent, on a request or of one's own accord. */
export interface NewGrant {
  mid: string;
  patient: PatientID;
  request?: RequestID;
  scope?: Scope;
  language: string;
  text_hash: string;
  form?: ConsentForm;
  reason?: string;
}

/** ConsentState says whether a consent counts. */
export type ConsentState = "active" | "withdrawn" | "expired" | "superseded";

/** Evidence is how the bridge can show that a consent was given (GDPR art. 7(1)). */
export interface Evidence {
  form: ConsentForm;
  language: string;
  text_version: string;
  text_hash: string;
  recorded_by: Ref;
  reason?: string;
}

/** Consent is the patient's permit (FHIR Consent, provision.type permit). */
export interface Consent {
  id: ConsentID;
  patient: PatientID;
  scope: Scope;
  basis: string;
  state: ConsentState;
  granted_by: Ref;
  evidence: Evidence;
  granted_at: Time;
  granted_epoch: number;
  ended_at?: Time;
  ended_epoch?: number;
  ended_by?: Ref;
  request?: RequestID;
  supersedes?: ConsentID;
}

/** ConsentGranted answers consent.grant. */
export interface ConsentGranted {
  consent: Consent;
}

/** ConsentDecline says no to a request. */
export interface ConsentDecline {
  patient: PatientID;
  request: RequestID;
}

/** ConsentWithdraw takes a consent back. */
export interface ConsentWithdraw {
  patient: PatientID;
  consent: ConsentID;
}

/** DisclosureState says how a disclosure ended. */
export type DisclosureState = "open" | "shown" | "stale" | "unsent" | "unknown";

/** Disclosure is the claim that is durable before content leaves (I3). */
export interface Disclosure {
  id: DisclosureID;
  patient: PatientID;
  message: MessageID;
  recipient: Ref;
  session: string;
  beat: number;
  epoch: number;
  seq: number;
  consents?: ConsentID[];
  state: DisclosureState;
  claimed_at: Time;
  closed_at?: Time;
  ring?: RingID;
}

/** Access is what one party can learn from another. */
export interface Access {
  from: Ref;
  to: Ref;
  topics: Topic[];
}

/** Change says what a grant or a withdrawal changes, or would change. */
export interface Change {
  conversations: ConversationID[];
  gain: Access[];
  lose: Access[];
  partial?: boolean;
}

/** Withdrawal is the answer to a withdrawal. */
export interface Withdrawal {
  consent: ConsentID;
  at: Time;
  disclosures: number;
  unconfirmed: Disclosure[];
  affected: Change;
}

/** ConsentPreview asks what a grant or a withdrawal would change. Exactly one is set. */
export interface ConsentPreview {
  grant?: NewGrant;
  withdraw?: ConsentWithdraw;
}

/** ConsentPreviewed answers ConsentPreview. */
export interface ConsentPreviewed {
  change: Change;
}

/** ConsentList asks for a patient's consents, objections and requests. */
export interface ConsentList {
  patient: PatientID;
}

/** ObjectionID names an objection. */
export type ObjectionID = string;

/**
 * Objection is the patient's no, which counts even where no consent is needed
 * (Sundhedsloven s. 41(3), 42a(5)). Empty Topics or Purposes mean all; empty
 * Parties is refused.
 */
export interface Objection {
  id: ObjectionID;
  patient: PatientID;
  parties: Party[];
  topics?: Topic[];
  purposes?: Purpose[];
  made_by: Ref;
  created_at: Time;
  lifted_at?: Time;
}

/** ConsentListed answers ConsentList. */
export interface ConsentListed {
  consents: Consent[];
  objections: Objection[];
  requests: ConsentRequest[];
}

/** ConsentTextFor asks for the text of a scope as the patient would read it. */
export interface ConsentTextFor {
  patient: PatientID;
  scope: Scope;
  lang: string;
}

/** ConsentText is what the patient was shown. */
export interface ConsentText {
  language: string;
  version: string;
  body: string;
  hash: string;
}

/** ObjectionMake makes an objection. No topics, or no purposes, means all. */
export interface ObjectionMake {
  mid: string;
  patient: PatientID;
  parties: Party[];
  topics?: Topic[];
  purposes?: Purpose[];
}

/** ObjectionMade answers ObjectionMake. */
export interface ObjectionMade {
  objection: Objection;
}

/** ObjectionLift lifts an objection. */
export interface ObjectionLift {
  patient: PatientID;
  objection: ObjectionID;
}

/** NewConversation is what opens a conversation. */
export interface NewConversation {
  mid: string;
  patient: PatientID;
  purpose: Purpose;
  case?: string;
  subject?: string;
  members: Party[];
}

/**
 * Conversation is talk about one patient, for one purpose. Its messages are in
 * one total order, Seq 1, 2, 3, …
 */
export interface Conversation {
  id: ConversationID;
  mid: string;
  patient: PatientID;
  purpose: Purpose;
  case?: string;
  subject?: string;
  members: Party[];
  participants: Ref[];
  opened_by: Ref;
  opened_at: Time;
  last_seq: number;
  changed_at: Time;
}

/** ConvOpened answers conv.open. */
export interface ConvOpened {
  conversation: Conversation;
}

/** ConvList asks for the caller's conversations, those changed last first. */
export interface ConvList {
  patient?: PatientID;
  before?: Time;
  limit?: number;
}

/** ConversationView is a conversation as one participant sees it in a list. */
export interface ConversationView extends Conversation {
  read_seq: number;
  unread: number;
  urgent: boolean;
  locked: boolean;
  reasons?: Code[];
}

/**
 * ConvListed answers ConvList. At was read first: what happened behind it comes
 * as events, and may be in the list already.
 */
export interface ConvListed {
  items: ConversationView[];
  more: boolean;
  at: Position;
}

/**
 * HistoryQuery asks for messages of a conversation; Before and After are
 * exclusive seqs. Limit 0 means 50, at most 200.
 */
export interface HistoryQuery {
  conv: ConversationID;
  before?: number;
  after?: number;
  limit?: number;
}

/**
 * DeliveryState accounts for one message and one recipient (I8: accepted =
 * delivered + withheld + expired + pending, always).
 */
export type DeliveryState = "pending" | "delivered" | "withheld" | "expired";

/** Delivery is what one recipient gets of one message, and what became of it. */
export interface Delivery {
  message: MessageID;
  recipient: Ref;
  via?: Party;
  state: DeliveryState;
  basis?: string;
  consents?: ConsentID[];
  redact?: Topic[];
  reasons?: Code[];
  refused?: Code[];
  asked_at?: Time;
  shown_at?: Time;
  read_at?: Time;
  acked_at?: Time;
}

/**
 * HistoryItem is a message as the reader may see it. When Withheld is set,
 * Message holds its id, place, time and nothing else.
 */
export interface HistoryItem {
  message: Message;
  disclosure?: DisclosureID;
  withheld?: Code[];
  deliveries?: Delivery[];
}

/** HistoryRead answers history. */
export interface HistoryRead {
  items: HistoryItem[];
  complete: boolean;
}

/** EmergencyAsk asks for emergency access. */
export interface EmergencyAsk {
  mid: string;
  patient: PatientID;
  reason: string;
}

/**
 * ReviewOutcome is how a review ended. One that was referred may be followed by
 * another; the two others are final.
 */
export type ReviewOutcome = "justified" | "not-justified" | "referred";

/**
 * ReviewNote is why, as a code: the record holds no free text. The officer's own
 * words belong into their case system.
 */
export type ReviewNote = "life-or-health" | "vital-interest" | "reason-unclear" | "other-way-open" | "more-than-needed" | "private-purpose" | "to-management" | "to-authority" | "to-police" | "to-second-reviewer";

/** Review is what a data-protection officer made of an emergency access. */
export interface Review {
  mid: string;
  by: Ref;
  at: Time;
  outcome: ReviewOutcome;
  note: ReviewNote;
}

/**
 * FollowUp is the task that an emergency access leaves behind: somebody looks
 * into it, and the patient is told what came out. The review closes it.
 */
export interface FollowUp {
  id: string;
  opened_at: Time;
  due_at: Time;
  closed_at?: Time;
}

/**
 * Emergency is a break-glass access: one person, one patient, a written reason,
 * confirmed a second time, 15 minutes (Sundhedsloven s. 41(2) no. 4).
 */
export interface Emergency {
  id: string;
  mid?: string;
  patient: PatientID;
  by: Ref;
  organizations?: string[];
  reason: string;
  asked_at: Time;
  confirmed_at?: Time;
  expires_at?: Time;
  entry?: number;
  reviewed: boolean;
  review?: Review;
  follow_up?: FollowUp;
  shown_to?: Ref[];
}

/** EmergencyState answers both. */
export interface EmergencyState {
  emergency: Emergency;
}

/** EmergencyConfirm is the second confirmation. */
export interface EmergencyConfirm {
  patient: PatientID;
  emergency: string;
}

/** TeamOf asks who is involved with a patient. */
export interface TeamOf {
  patient: PatientID;
}

/** MemberView is a member of a care team as the caller may see it. */
export interface MemberView {
  function: CareFunction;
  member: Ref;
  name: string;
  title?: string;
  organization: string;
  reachable: Reachable;
}

/** TeamSeen answers TeamOf. */
export interface TeamSeen {
  members: MemberView[];
}

/** DirectoryFor looks people up by name. */
export interface DirectoryFor {
  text?: string;
  organization?: string;
  practitioner?: string;
  limit?: number;
}

/**
 * RoleCode is what somebody is employed as, in the terms of MedCom's
 * medcom-core-PractitionerRoles where it has one ("overlaege", "socialraadgiver").
 */
export type RoleCode = "databeskyttelsesraadgiver";

/**
 * Absence is a period in which somebody is away (FHIR notAvailable) and who
 * stands in.
 */
export interface Absence {
  from: Time;
  until: Time;
  reason?: string;
  substitute?: Ref;
}

/**
 * PractitionerRole is a practitioner in a role at an organization: the party
 * that sends and receives.
 */
export interface PractitionerRole {
  id: string;
  practitioner: string;
  organization: string;
  code: RoleCode;
  title?: string;
  phone?: string;
  active: boolean;
  hours?: Hours[];
  absences?: Absence[];
}

/**
 * Sector is the part of care that an organization works in. Which regime of law
 * a sector belongs to is data of the policy, not of this package.
 */
export type Sector = "general-practice" | "hospital-psychiatry" | "somatic-hospital" | "social-care" | "employment";

/**
 * Identifier is a business identifier (FHIR R4 Identifier). A value may be a
 * national identifier: it is never logged and never leaves in an error.
 */
export interface Identifier {
  system: string;
  value: string;
}

/** Organization is a legal body, a unit of one, or a team (FHIR Organization). */
export interface Organization {
  id: string;
  name: string;
  sector?: Sector;
  part_of?: string;
  identifiers?: Identifier[];
  phone?: string;
  active: boolean;
}

/** RoleEntry is one line of the directory: a role with the names around it. */
export interface RoleEntry {
  role: PractitionerRole;
  name: string;
  organization: Organization;
}

/** DirectoryFound answers DirectoryFor. */
export interface DirectoryFound {
  roles: RoleEntry[];
}

/** EntriesAfter reads a patient's record. Limit 0 means 100. */
export interface EntriesAfter {
  patient: PatientID;
  after?: number;
  limit?: number;
}

/** Kind is what an entry records. */
export type EntryKind = "accepted" | "denied" | "disclosed" | "held" | "returned" | "released" | "amended" | "attached" | "opened" | "seen" | "requested" | "granted" | "declined" | "withdrawn" | "expired" | "objected" | "lifted" | "emergency" | "reviewed" | "erased" | "rung" | "unanswered" | "talked" | "callback" | "registered";

/**
 * Entry is one line of a patient's record. It holds no free text, no content and
 * no national identifier. Fields are ids, codes and times only.
 */
export interface LedgerEntry {
  patient: string;
  seq: number;
  time: Time;
  kind: EntryKind;
  action?: string;
  by?: string;
  by_role?: string;
  by_org?: string;
  to?: string;
  to_role?: string;
  to_org?: string;
  purpose?: string;
  topics?: string[];
  redacted?: string[];
  conversation?: string;
  message?: string;
  disclosure?: string;
  request?: string;
  objection?: string;
  emergency?: string;
  consents?: string[];
  epoch: number;
  basis?: string;
  reasons?: string[];
  revision?: string;
  line?: string;
  ring?: string;
  callback?: string;
  seconds?: number;
}

/** EntryView is an entry with the names and words that the patient reads. */
export interface EntryView {
  entry: LedgerEntry;
  sentence: string;
  by?: string;
  to?: string;
  why?: string[];
}

/** EntriesRead answers EntriesAfter. */
export interface EntriesRead {
  entries: EntryView[];
  more: boolean;
}

/**
 * SignOut ends every connection of the caller's, on all devices, and every token
 * that was given out before.
 */
export type SignOut = Record<string, never>;

/** SignalKind is a step of a voice talk between two devices. */
export type SignalKind = "offer" | "answer" | "candidate" | "bye";

/**
 * LineSignal is what the two devices of an answered ring tell each other, so that
 * they hear each other (JSEP, RFC 8829). As a push it is from the other device.
 */
export interface LineSignal {
  ring: RingID;
  kind: SignalKind;
  sdp?: string;
  candidate?: string;
  mid?: string;
  mline?: number;
}

/** LineTurn asks for a relay, for a voice talk that goes on. */
export interface LineTurn {
  ring: RingID;
}

/** TurnGiven answers LineTurn with what RTCPeerConnection takes as an ICE server. */
export interface TurnGiven {
  urls: string[];
  username: string;
  credential: string;
  ttl_ms: number;
}

/** WhoQuery asks who can be rung for a patient: somebody, or a line, one of them. */
export interface WhoQuery {
  patient: PatientID;
  wanted?: Party;
  line?: LineID;
  purpose?: Purpose;
  case?: string;
}

/** WhoState is whether somebody would hear a ring now. */
export type WhoState = "available" | "busy" | "closed" | "none";

/** RingPerson is somebody who would be rung. */
export interface RingPerson {
  party: Ref;
  name: string;
  via: string;
  busy?: boolean;
}

/**
 * WhoView is who can be rung now, as far as the caller may know. It is a hint:
 * whether they may be rung about something the gate says when they are.
 */
export interface WhoView {
  state: WhoState;
  count: number;
  people?: RingPerson[];
  line?: LineView;
  next?: Time;
  out_of_date?: boolean;
}

/** LinesQuery selects lines. Limit 0 means 100, at most 1000. */
export interface LinesQuery {
  organization?: string;
  mine?: boolean;
  limit?: number;
}

/** LinesFound answers line.list. */
export interface LinesFound {
  lines: LineView[];
}

/** LineOf names a line. */
export interface LineOf {
  line: LineID;
}

/**
 * LineSwitch opens or closes a line by hand. Open without Until lasts to the end
 * of the local day, close until the line opens next by its hours.
 */
export interface LineSwitch {
  line: LineID;
  until?: Time;
  reason?: string;
}

/** LineWindow opens a line for one period besides its hours. */
export interface LineWindow {
  line: LineID;
  period: Period;
  reason?: string;
}

/** NewSwitch is a hand on one's own switch. */
export interface NewSwitch {
  line?: LineID;
  on: boolean;
  until?: Time;
  reason?: string;
}

/**
 * LineRing rings somebody, or a line, about a patient: exactly one of Wanted and
 * Line is set. Repeat with the same mid as often as you like.
 */
export interface LineRing {
  mid: string;
  patient: PatientID;
  wanted?: Party;
  line?: LineID;
  purpose: Purpose;
  case?: string;
  topics: Topic[];
  note?: string;
  urgent?: boolean;
  voice?: boolean;
}

/** RingAnswer answers what was done with a ring. */
export interface RingAnswer {
  ring: RingView;
}

/** RingOf names a ring. */
export interface RingOf {
  ring: RingID;
}

/** RingResult is how the ringing of one target ended. */
export type RingResult = "answered" | "answered-elsewhere" | "declined" | "missed" | "stopped";

/** RingDone is how one target stopped ringing. */
export interface RingDone {
  target: Ref;
  result: RingResult;
  reason?: string;
  suggest?: string;
  at: Time;
}

/**
 * RingClaim is a ring with what it is about, as it was claimed for one of those it
 * rings, or with the words that came back, for who rang.
 */
export interface RingClaim {
  ring: RingView;
  caller?: Ref;
  caller_name?: string;
  patient?: PatientID;
  name?: string;
  purpose?: Purpose;
  case?: string;
  topics?: Topic[];
  note?: string;
  handed_by?: Ref;
  handed_note?: string;
  declines?: RingDone[];
  withheld?: Code[];
  disclosure?: DisclosureID;
}

/** RingDecline stops a ring on all devices of who says it. */
export interface RingDecline {
  ring: RingID;
  reason?: string;
  suggest?: string;
}

/**
 * HandTo is whom a ring is handed over to: a role, or the people of a line, of
 * one tier of it where Tier is 1 or more. Without a line it is the ring's own.
 */
export interface HandTo {
  party?: Ref;
  line?: LineID;
  tier?: number;
}

/** RingHandOver rings others instead of who answered. */
export interface RingHandOver {
  ring: RingID;
  to: HandTo;
  note?: string;
}

/** NewCallback asks to be rung back after a ring that nobody answered. */
export interface NewCallback {
  mid: string;
  ring: RingID;
  window?: Period;
}

/** CallbackID names one callback. */
export type CallbackID = string;

/** CallbackState is how far a callback has come. */
export type CallbackState = "waiting" | "taken" | "closed";

/** CallbackOutcome is how a callback ended. */
export type CallbackOutcome = "talked" | "not-reached" | "written" | "cancelled" | "forbidden";

/**
 * Callback is a line's promise to ring back: a place in its queue and a time by
 * which it is kept.
 */
export interface Callback {
  id: CallbackID;
  rev: number;
  mid: string;
  ring: RingID;
  line: LineID;
  patient: PatientID;
  caller: Ref;
  purpose: Purpose;
  case?: string;
  topics: Topic[];
  consents?: ConsentID[];
  state: CallbackState;
  window: Period;
  asked_at: Time;
  due_at: Time;
  taker?: Ref;
  taken_at?: Time;
  tries?: number;
  reminded_at?: Time;
  escalated_at?: Time;
  outcome?: CallbackOutcome;
  closed_by?: Ref;
  closed_at?: Time;
}

/**
 * CallbackView is a callback as somebody sees it. For one of the line's people who
 * may not be told whom it is about, only its place and its times.
 */
export interface CallbackView extends Callback {
  line_name?: string;
  caller_name?: string;
  before: number;
  all: number;
  withheld?: Code[];
}

/** CallbackAnswer answers what was done with a callback. */
export interface CallbackAnswer {
  callback: CallbackView;
}

/** CallbackOf names a callback. */
export interface CallbackOf {
  callback: CallbackID;
}

/** CallbackEnd closes a callback. Without an outcome none is closed. */
export interface CallbackEnd {
  callback: CallbackID;
  outcome: CallbackOutcome;
}

/** CallbackList asks for the queue of a line; without one, for your own callbacks. */
export interface CallbackList {
  line?: LineID;
}

/** CallbacksListed answers CallbackList, in the order of the queue. */
export interface CallbacksListed {
  callbacks: CallbackView[];
}

/**
 * MessageEvent is what message and message.amended hold. Message is there unless
 * Withheld says why not; then Disclosure names the claim to close by an ack.
 */
export interface MessageEvent {
  at: Time;
  patient: PatientID;
  conv: ConversationID;
  id: MessageID;
  by?: Ref;
  message?: Message;
  disclosure?: DisclosureID;
  withheld?: Code[];
}

/** ReturnedEvent tells the sender of a held message that it will not go. */
export interface ReturnedEvent {
  at: Time;
  patient: PatientID;
  conv: ConversationID;
  id: MessageID;
  request?: RequestID;
  state?: string;
  withheld?: Code[];
}

/** ReceiptKind is what a receipt tells the sender. */
export type ReceiptKind = "delivered" | "read" | "acked" | "withheld" | "pending";

/** ReceiptEvent tells a sender what a recipient did with a message. */
export interface ReceiptEvent {
  at: Time;
  patient: PatientID;
  conv: ConversationID;
  id: MessageID;
  by?: Ref;
  kind?: ReceiptKind;
  reasons?: Code[];
  withheld?: Code[];
}

/**
 * ConvEvent is what conv.added, conv.updated, conv.locked and conv.unlocked
 * hold. The conversation itself is read by conv.list.
 */
export interface ConvEvent {
  at: Time;
  patient: PatientID;
  conv: ConversationID;
  by?: Ref;
  state?: string;
  withheld?: Code[];
}

/**
 * ConsentEvent tells that a consent, a request, an objection or an emergency
 * access changed; State is its new state. Of an emergency access that waits for a
 * data-protection officer it names no patient.
 */
export interface ConsentEvent {
  at: Time;
  patient?: PatientID;
  consent?: ConsentID;
  request?: RequestID;
  objection?: ObjectionID;
  emergency?: string;
  by?: Ref;
  state: string;
  withheld?: Code[];
}

/**
 * RingEvent tells of a ring. To whom it rings it names no patient: what it is
 * about is claimed by line.show. View is the ring as it stands when it is told.
 */
export interface RingEvent {
  at: Time;
  ring: RingID;
  line?: LineID;
  by?: Ref;
  state?: string;
  view?: RingView;
}

/** CallbackEvent tells that a callback changed; State is what became of it. */
export interface CallbackEvent {
  at: Time;
  callback: CallbackID;
  line: LineID;
  ring?: RingID;
  patient?: PatientID;
  by?: Ref;
  state: string;
}

/**
 * Welcome is the first frame of a connection, before anybody has proven who
 * they are. It says nothing of anybody.
 */
export interface Welcome {
  protocol: string;
  features: string[];
  auth_ms: number;
}

/** ResyncReason is why. */
export type ResyncReason = "log" | "too_old" | "ahead";

/**
 * Resync tells that the client's place means nothing any more: read conv.list
 * and history afresh, and go on from At.
 */
export interface Resync {
  reason: ResyncReason;
  at: Position;
}

/** Authz tells that what the caller may do has changed. */
export interface Authz {
  ttl_ms: number;
}

/** TypingSeen tells that somebody writes. It holds for TypingLifetime. */
export interface TypingSeen {
  conv: ConversationID;
  by: Ref;
  on: boolean;
  left_ms: number;
}

/**
 * GoingAway tells that the node is about to stop. Reconnect after InMS plus a
 * random part of JitterMS.
 */
export interface GoingAway {
  in_ms: number;
  jitter_ms: number;
}

/**
 * Disconnect is the last frame before the bridge closes, since a browser may not
 * show a close frame's reason.
 */
export interface Disconnect {
  code: number;
  reason?: Code;
}

/**
 * Error is a command's "err". Code is the one thing to branch on; Reasons are
 * codes of the policy with texts of their own.
 */
export interface WireError {
  code: Code;
  msg?: string;
  retry: boolean;
  retry_ms?: number;
  reasons?: Code[];
  remedies?: Remedy[];
}

