// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import "errors"

// Away reports whether err says that the KEK could not be reached.
func Away(err error) bool { return errors.Is(err, errAway) }
