/* SPDX-FileCopyrightText: 2026 The Brobygger authors
 * SPDX-License-Identifier: MPL-2.0
 *
 * A withdrawal is a wall: commit, drain, answer.
 *
 * One patient, whose consents 0 and 1 stand at the beginning; one client of one
 * recipient; two messages, of which 0 needs a consent of the first kind (id 0, or
 * id 2 once it was given anew) and 1 needs consent 1. Each message has a node that
 * delivers it, again and again. The patient takes 0 back, gives it anew under a new
 * id, and takes one of the two back that then stand. An administrator may close the
 * recipient's account at any moment. The process that carries out a withdrawal may
 * be killed between its commit and its answer, once, and is asked again.
 *
 * An atomic block is one transaction on the patient's row, or one step of a client.
 * Nothing is fair: any process may stop between two steps for ever, and bytes may
 * wait in kernels as long as they like. What holds here holds for frozen, slow and
 * partitioned processes. Each BUG_ switches one rule off; `make model` wants every
 * one of them found. docs/withdrawal.md says what this proves, and what not. */

#define T    1                  /* a client shows what is at most T old, by its clock */
#define WAIT (T + 1)            /* an answer waits for that long behind its commit    */
#ifndef TMAX
#define TMAX 4
#endif

byte now;                       /* the time, which stops at TMAX                      */

/* The store. */
bool stands[3];                 /* consents; ids are never used again (I6)            */
bool account;                   /* of the recipient is open                           */
byte relies[2];                 /* consent that a message was accepted on, or NONE    */
bool claimed[2];                /* a disclosure is open                               */
#define NONE 3

/* What is not the store. */
bool flying[2];                 /* a frame is on its way to the client                */
byte carries[2];                /* when the beat behind it was sent: at the latest    */
                                /* when it was claimed, which is the worst, since an  */
                                /* older beat only makes the client stricter          */
bool answered[3];               /* the patient was told that a consent is taken back  */
bool closed;                    /* the administrator was told that the account is     */
bool killed;                    /* a process was, which happens once                  */

#ifdef BUG_REPLICA              /* claims look at a copy that lags behind             */
bool copy[3];
#define COUNTS(c) copy[c]
#else
#define COUNTS(c) stands[c]
#endif

#ifdef BUG_PERSON               /* claims do not look at the account                  */
#define KNOWN true
#else
#define KNOWN account
#endif

#ifdef BUG_REVIVE               /* any consent of that kind will do                   */
#define RELIED(m) (COUNTS(relies[m]) || (relies[m] == 0 && COUNTS(2)))
#else
#define RELIED(m) COUNTS(relies[m])
#endif

#ifdef BUG_NOLIMIT              /* an answer waits for clients only                   */
#define OVER(then) false
#else
#define OVER(then) (now - then >= WAIT)
#endif

#define OPEN(m, c) (claimed[m] && relies[m] == c)

#ifdef LIVE                     /* who serves may stop; who counts and answers goes on */
#define MAYSTOP if :: skip :: goto stopped fi
#define KILLABLE (now + WAIT <= TMAX)
#else
#define MAYSTOP skip
#define KILLABLE true
#endif

proctype Clock() { do :: now < TMAX -> now++ :: else -> break od }

#ifdef BUG_REPLICA
proctype Replica() {
  do
  :: atomic { copy[0] != stands[0] -> copy[0] = stands[0] }
  :: atomic { copy[1] != stands[1] -> copy[1] = stands[1] }
  :: atomic { copy[2] != stands[2] -> copy[2] = stands[2] }
  :: now == TMAX -> break
  od
}
#endif

#ifdef BUG_ASYNC                /* a standby takes over that never got the withdrawal */
proctype Failover() { atomic { !stands[0] && !stands[2] -> stands[0] = true } }
#endif

/* A claim is recorded before anything leaves (I3), with a beat that was read before
 * it (I4). */
inline claim(m) { claimed[m] = true; carries[m] = now }

/* What was claimed leaves, or no byte of it does, which closes the claim (I10). */
inline leave(m) {
  if
  :: atomic { flying[m] = true;
#ifdef BUG_LATEBEAT             /* the beat is read when the bytes are written        */
       carries[m] = now;
#endif
#ifdef BUG_EARLYCLOSE           /* written is taken for shown                         */
       claimed[m] = false;
#endif
     }
  :: atomic { claimed[m] = false; carries[m] = 0 }
  fi
}

/* A node accepts message m, and claims it in the same transaction if the client was
 * heard from; then it delivers what its log has, each time behind a claim. */
proctype Node(byte m) {
  atomic {
    if
    :: m == 0 && COUNTS(0) -> relies[0] = 0
    :: m == 0 && COUNTS(2) -> relies[0] = 2
    :: m == 1 && COUNTS(1) -> relies[1] = 1
    :: else -> goto stopped     /* refused, nothing is kept (I2)                      */
    fi;
    assert(!answered[relies[m]]);
    if
    :: KNOWN -> claim(m); goto handed
    :: true                     /* nobody listens                                     */
    fi
  }
  do
  :: atomic {
       if
       :: RELIED(m) && KNOWN && !claimed[m] && !flying[m] -> claim(m)
       :: !(RELIED(m) && KNOWN) -> goto stopped
       fi }
handed:
     MAYSTOP;
     leave(m)
  od;
stopped: skip
}

/* The client decides about one frame: shows it, or finds it too old; and says so
 * later, which closes the claim. */
inline decide(m) {
  if
#ifdef BUG_NOFENCE              /* it shows whatever comes                            */
  :: true
#else
  :: now - carries[m] > T -> skip
  :: else
#endif
     -> assert(!answered[relies[m]]);                       /* THE PROMISE            */
        assert(!closed)
  fi;
  flying[m] = false; carries[m] = 0; word = m
}

proctype Client() {
  byte word = NONE;             /* of this message it has not said yet what it did    */
  do
  :: atomic { word == NONE && flying[0] -> decide(0) }
  :: atomic { word == NONE && flying[1] -> decide(1) }
  :: atomic { word != NONE -> claimed[word] = false; word = NONE }
  :: now == TMAX && word == NONE && !flying[0] && !flying[1] -> break
  od
}

/* Commit, drain, answer; a process that is killed in between forgets what it knew,
 * and the one that is asked again waits from then on. */
bool committed;                 /* a withdrawal is kept and not answered              */
byte since;                     /* when that was; of a second try, when it was made   */
inline withdraw(c) {
#ifdef BUG_EARLYCLOCK           /* the wait is counted from before the commit         */
  since = now;
  atomic { stands[c] = false; committed = true }
#else
  atomic { stands[c] = false; since = now; committed = true }
#endif
#ifndef BUG_NODRAIN
  do
  :: atomic { (!OPEN(0, c) && !OPEN(1, c)) || OVER(since) -> break }
  :: atomic { !killed && KILLABLE -> killed = true;
#ifdef BUG_FORGET               /* open claims were only in the memory of who died    */
       claimed[0] = false; claimed[1] = false;
#endif
       since = now }
  od;
#endif
  atomic {                      /* what is open still ends as unknown                 */
    if :: OPEN(0, c) -> claimed[0] = false :: else fi;
    if :: OPEN(1, c) -> claimed[1] = false :: else fi;
    answered[c] = true; committed = false; since = 0 }
}

proctype Patient() {
  withdraw(0);
  atomic { stands[2] = true }   /* anew, under a new id                               */
  if
  :: withdraw(2)
  :: withdraw(1)
  fi
}

#ifndef NOADMIN
proctype Admin() {
  byte at;
  atomic { account = false; at = now }
  (!claimed[0] && !claimed[1]) || OVER(at);
  atomic { claimed[0] = false; claimed[1] = false; closed = true; at = 0 }
}
#endif

init {
  atomic {
    stands[0] = true; stands[1] = true; account = true;
    relies[0] = NONE; relies[1] = NONE;
    run Clock(); run Node(0); run Node(1); run Client(); run Patient();
#ifndef NOADMIN
    run Admin();
#endif
#ifdef BUG_REPLICA
    copy[0] = true; copy[1] = true; run Replica();
#endif
#ifdef BUG_ASYNC
    run Failover();
#endif
  }
}

#ifdef LIVE                     /* whoever stops: as far as time goes, it is answered */
ltl answer { [] ((committed && since + WAIT <= TMAX) -> <> !committed) }
#endif
