// What a process says when it ends by a fault of ours: which signal, and where it was.
#pragma once

namespace tidemill {

// Writes a backtrace to standard error, after what waits to be logged. Safe in a signal handler, as far as
// glibc's backtrace is; never waits long for a reader.
void WriteBacktrace(const char* headline);

// From now on SIGSEGV and its like write the log's last lines and a backtrace before the process ends by
// them. Not under a sanitizer, which reports more.
void ReportCrashes();

}  // namespace tidemill
