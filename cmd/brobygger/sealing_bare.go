// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bare

package main

// bare: this program was built without the wall, the ledger and sealing, to be
// measured beside the one that has them. It serves nobody.
const bare = true
