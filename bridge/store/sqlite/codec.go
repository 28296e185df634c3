// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// never is the column value of the zero time, before every other.
const never = math.MinInt64

// The first and the last instants that Unix nanoseconds can tell.
var (
	firstNano = time.Unix(0, math.MinInt64+1)
	lastNano  = time.Unix(0, math.MaxInt64)
)

// nanos is t as a column: exact between the years 1678 and 2262, the nearest
// end outside of them. The exact time is in the document; the column orders.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return never
	case t.Before(firstNano):
		return math.MinInt64 + 1
	case t.After(lastNano):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// instant is the time of a column.
func instant(n int64) time.Time {
	if n == never {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// flag is b as a column.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// orNull is s as a column that is null when empty.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// fold is s in the form in which names are compared.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }

// encode is v as a document.
func encode(v any) ([]byte, error) {
	if doc := compacted(v); doc != nil {
		return doc, nil
	}
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	return doc, nil
}

// decode reads a document of a column into v, whose times come out in UTC.
func decode(column driver.Value, v any) error {
	doc, ok := column.([]byte)
	if !ok {
		return fmt.Errorf("decoding %T: column is %T", v, column)
	}
	if len(doc) > 0 && doc[0] == compactForm {
		return expand(doc, v)
	}
	if err := json.Unmarshal(doc, v); err != nil {
		return fmt.Errorf("decoding %T: %w", v, err)
	}
	for _, t := range times(v) {
		*t = t.UTC()
	}
	return nil
}

// asRead makes of a noun that was written what reading would give.
func asRead(v any) {
	for _, t := range times(v) {
		*t = t.Round(0).UTC() // without Go's monotonic reading
	}
}

// times points at the times in a noun.
func times(v any) []*time.Time {
	switch v := v.(type) {
	case *bridge.PractitionerRole:
		var all []*time.Time
		for i := range v.Absences {
			all = append(all, &v.Absences[i].From, &v.Absences[i].Until)
		}
		return all
	case *bridge.RelatedPerson:
		return []*time.Time{&v.Period.Start, &v.Period.End}
	case *bridge.Account:
		return []*time.Time{&v.DNDUntil}
	case *bridge.Patient:
		return []*time.Time{&v.BirthDate}
	case *[]bridge.CareTeamMember:
		var all []*time.Time
		for i := range *v {
			all = append(all, &(*v)[i].Period.Start, &(*v)[i].Period.End)
		}
		return all
	case *bridge.Consent:
		return []*time.Time{&v.Scope.Period.Start, &v.Scope.Period.End, &v.GrantedAt, &v.EndedAt}
	case *bridge.ConsentRequest:
		return []*time.Time{&v.Scope.Period.Start, &v.Scope.Period.End, &v.CreatedAt, &v.ExpiresAt, &v.AnsweredAt}
	case *bridge.Erasure:
		return []*time.Time{&v.At}
	case *bridge.Objection:
		return []*time.Time{&v.CreatedAt, &v.LiftedAt}
	case *bridge.Emergency:
		all := []*time.Time{&v.AskedAt, &v.ConfirmedAt, &v.ExpiresAt}
		if v.Review != nil {
			all = append(all, &v.Review.At)
		}
		if v.FollowUp != nil {
			all = append(all, &v.FollowUp.OpenedAt, &v.FollowUp.DueAt, &v.FollowUp.ClosedAt)
		}
		return all
	case *bridge.Activation:
		return []*time.Time{&v.At}
	case *bridge.RecordedDecision:
		return []*time.Time{&v.At}
	case *bridge.Ground:
		var all []*time.Time
		for i := range v.Team {
			all = append(all, &v.Team[i].Period.Start, &v.Team[i].Period.End)
		}
		for i := range v.Representatives {
			all = append(all, times(&v.Representatives[i])...)
		}
		for i := range v.Emergencies {
			all = append(all, times(&v.Emergencies[i])...)
		}
		return all
	case *bridge.Conversation:
		return []*time.Time{&v.OpenedAt, &v.ChangedAt}
	case *bridge.Message:
		all := []*time.Time{&v.SentAt}
		for i := range v.Attachments {
			all = append(all, &v.Attachments[i].At)
		}
		return all
	case *bridge.Version:
		return []*time.Time{&v.At}
	case *bridge.Attachment:
		return []*time.Time{&v.At}
	case *bridge.Disclosure:
		return []*time.Time{&v.ClaimedAt, &v.ClosedAt}
	case *bridge.Delivery:
		return []*time.Time{&v.AskedAt, &v.ShownAt, &v.ReadAt, &v.AckedAt}
	case *bridge.Event:
		return []*time.Time{&v.At}
	}
	return lineTimes(v)
}

// lineTimes are the times in the nouns of direct lines.
func lineTimes(v any) []*time.Time {
	switch v := v.(type) {
	case *bridge.Line:
		var all []*time.Time
		for i := range v.Rota {
			all = append(all, &v.Rota[i].Period.Start, &v.Rota[i].Period.End)
		}
		for i := range v.Opening.Exceptions {
			x := &v.Opening.Exceptions[i]
			all = append(all, &x.Period.Start, &x.Period.End, &x.At)
		}
		return all
	case *bridge.Switch:
		return []*time.Time{&v.Until, &v.At}
	case *bridge.Ring:
		all := []*time.Time{&v.StartedAt, &v.AnsweredAt, &v.EndedAt}
		for i := range v.Steps {
			s := &v.Steps[i]
			all = append(all, &s.From, &s.Until)
			for j := range s.Results {
				all = append(all, &s.Results[j].At)
			}
		}
		return all
	case *bridge.Callback:
		return []*time.Time{
			&v.Window.Start, &v.Window.End, &v.AskedAt, &v.DueAt, &v.TakenAt, &v.RemindedAt, &v.EscalatedAt, &v.ClosedAt,
		}
	}
	return nil
}
