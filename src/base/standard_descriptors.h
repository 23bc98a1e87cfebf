// Descriptors 0, 1 and 2 of a process, which everything that prints takes for the standard streams.
#pragma once

namespace tidemill {

// Opens those that are closed on /dev/null: the first socket or file would get their number otherwise, and
// what is logged would go into it. The first thing in main.
void KeepStandardDescriptors();

}  // namespace tidemill
