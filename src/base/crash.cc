#include "base/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "base/log.h"

namespace tidemill {
namespace {

constexpr int kFramesMax = 64;

std::atomic<bool> reported = false;

const char* HeadlineOf(int signal) {
  switch (signal) {
    case SIGSEGV: return "crashed by SIGSEGV\n";
    case SIGBUS: return "crashed by SIGBUS\n";
    case SIGFPE: return "crashed by SIGFPE\n";
    case SIGILL: return "crashed by SIGILL\n";
    default: return "aborted\n";
  }
}

// The default action follows: SA_RESETHAND has restored it, and the fault or the signal comes again.
// Sanitizers have their own.
[[maybe_unused]] void OnCrash(int signal) {
  WriteBacktrace(HeadlineOf(signal));
  raise(signal);
}

}  // namespace

void WriteBacktrace(const char* headline) {
  if (reported.exchange(true)) return;
  if (!log::WriteLastWords(headline)) return;
  void* frames[kFramesMax];
  const int count = backtrace(frames, kFramesMax);
  // By way of memory: backtrace_symbols_fd would wait for standard error without end.
  const int memory = memfd_create("backtrace", MFD_CLOEXEC);
  if (memory < 0) return;
  backtrace_symbols_fd(frames, count, memory);
  char text[4096];
  for (off_t at = 0;;) {
    const ssize_t bytes = pread(memory, text, sizeof text, at);
    if (bytes <= 0 || !log::WriteLastWords({text, static_cast<std::size_t>(bytes)})) break;
    at += bytes;
  }
  close(memory);
}

void ReportCrashes() {
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  void* frame = nullptr;
  backtrace(&frame, 1);  // loads what it needs, which a signal handler must not
  struct sigaction action{};
  action.sa_handler = OnCrash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigaction(signal, &action, nullptr);
#endif
}

}  // namespace tidemill
