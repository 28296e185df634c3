// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bare

package sqlite

// bare: this program was built without the wall, the ledger and sealing, to be
// measured beside the one that has them. It keeps no claim before content leaves,
// nor its end, and no entry, so that neither chains nor the tree grow.
const bare = true
