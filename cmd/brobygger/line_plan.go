// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"math"

	"github.com/brobygger/brobygger/bridge"
)

// A ring has three steps: who treats the patient, the contact nurse, the line.
const (
	steps    = 3
	stepTime = bridge.StepTime
)

// stepShare is how often somebody answers in one step, where three steps together
// are answered this often.
func stepShare(whole float64) float64 { return 1 - math.Pow(1-whole, 1.0/steps) }
