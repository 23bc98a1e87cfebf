// StepWallClock: sets the wall clock of this process, as its code reads it, forward or back.
//
// The program that this is linked into has clock_gettime, gettimeofday and time of its own, which add the
// steps to what the kernel says of CLOCK_REALTIME. The kernel is not told: what waits there for a point of
// wall time waits longer by a step forward, and not at all after a step back. Other processes see nothing of
// it.
#pragma once

#include "base/clock.h"

namespace tidemill::testing {

// Any thread.
void StepWallClock(Duration by);

}  // namespace tidemill::testing
