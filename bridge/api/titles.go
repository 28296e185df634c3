// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// The languages of a problem's title, and of reasons and remedies.
const (
	danish  = "da"
	english = "en"
)

// titles are the codes in words. A denial's own reasons are the policy's.
var titles = map[string]map[bridge.Code]string{
	danish: {
		bridge.CodeBadRequest:        "Anmodningen er ikke rigtig.",
		bridge.CodeTooLarge:          "Anmodningen er for stor.",
		bridge.CodeVersion:           "Denne version understøttes ikke.",
		bridge.CodeUnauthenticated:   "Du skal logge ind.",
		bridge.CodeTokenExpired:      "Dit login er udløbet.",
		bridge.CodeAccountDisabled:   "Kontoen er lukket.",
		bridge.CodeForbidden:         "Det har du ikke adgang til.",
		bridge.CodeConsentRequired:   "Det kræver samtykke fra patienten.",
		bridge.CodeConsentWithdrawn:  "Samtykket er trukket tilbage.",
		bridge.CodePurpose:           "Det må ikke bruges til dette formål.",
		bridge.CodePolicyUnavailable: "Reglerne kan ikke slås op lige nu. Intet er videregivet.",
		bridge.CodeNotFound:          "Det findes ikke.",
		bridge.CodeConflict:          "Det er allerede gjort på en anden måde.",
		bridge.CodeRateLimited:       "For mange anmodninger. Vent lidt.",
		bridge.CodeResync:            "Din kopi er for gammel. Hent forfra.",
		bridge.CodeKeyUnknown:        "Nøglen til log ind kendes ikke endnu. Prøv igen om lidt.",
		bridge.CodeErased:            "Det er slettet for altid.",
		bridge.CodeRingTaken:         "En anden har svaret, eller det ringer ikke hos dig længere.",
		bridge.CodeRingExpired:       "Det ringer ikke længere.",
		bridge.CodeLineUnavailable:   "Ingen på linjen kan ringes op lige nu.",
		bridge.CodeStorageFull:       "Der er ikke plads til mere lige nu.",
		bridge.CodeBusy:              "Der er travlt. Prøv igen om lidt.",
		bridge.CodeInternal:          "Der skete en fejl hos os.",
	},
	english: {
		bridge.CodeBadRequest:        "The request is not right.",
		bridge.CodeTooLarge:          "The request is too large.",
		bridge.CodeVersion:           "This version is not supported.",
		bridge.CodeUnauthenticated:   "You have to sign in.",
		bridge.CodeTokenExpired:      "Your sign-in has expired.",
		bridge.CodeAccountDisabled:   "The account is closed.",
		bridge.CodeForbidden:         "You may not do this.",
		bridge.CodeConsentRequired:   "This needs the patient's consent.",
		bridge.CodeConsentWithdrawn:  "The consent was withdrawn.",
		bridge.CodePurpose:           "It may not be used for this purpose.",
		bridge.CodePolicyUnavailable: "The rules can't be asked just now. Nothing was disclosed.",
		bridge.CodeNotFound:          "There is no such thing.",
		bridge.CodeConflict:          "This was done before, in another way.",
		bridge.CodeRateLimited:       "Too many requests. Wait a little.",
		bridge.CodeResync:            "Your copy is too old. Start afresh.",
		bridge.CodeKeyUnknown:        "The key of the sign-in is not known yet. Try again in a moment.",
		bridge.CodeErased:            "This was erased for good.",
		bridge.CodeRingTaken:         "Somebody else answered, or it has stopped ringing for you.",
		bridge.CodeRingExpired:       "It does not ring any more.",
		bridge.CodeLineUnavailable:   "Nobody of the line can be rung just now.",
		bridge.CodeStorageFull:       "There is no room for more just now.",
		bridge.CodeBusy:              "Busy just now. Try again in a moment.",
		bridge.CodeInternal:          "Something went wrong on our side.",
	},
}

// negotiate picks Danish or English for an Accept-Language (RFC 9110, section
// 12.5.4); Danish when neither is asked for, English when it is preferred.
func negotiate(header string) string {
	best, bestQ := danish, 0.0
	for _, part := range strings.Split(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if (primary == danish || primary == english) && q > bestQ {
			best, bestQ = primary, q
		}
	}
	return best
}

// languageOf is the language that the call asked for.
func languageOf(ctx context.Context) string {
	if l := callOf(ctx).language; l != "" {
		return l
	}
	return danish
}

// Title is a code in words, in "da" or "en"; empty where there are none.
func Title(code bridge.Code, language string) string { return titles[language][code] }
