// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import "embed"

// Terminology holds our code systems and what our extensions hold, as FHIR R4
// resources under their canonical names.
//
//go:embed terminology/*.json
var Terminology embed.FS
