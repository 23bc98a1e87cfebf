#include "base/line_writer.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace tidemill::log {
namespace {

constexpr std::size_t kKeptBytes = 64u << 10;  // capacity that stays when a burst is over
constexpr int kPollMs = 1000;

// As many whole lines as one write(2) to a pipe keeps together (pipe(7)), or the first line alone.
std::size_t NextPiece(std::string_view lines) {
  if (lines.size() <= PIPE_BUF) return lines.size();
  const std::size_t fits = lines.rfind('\n', PIPE_BUF - 1);
  return (fits == lines.npos ? lines.find('\n') : fits) + 1;
}

// Waits as long as it takes. False: the descriptor takes nothing any more.
bool WriteAll(int descriptor, std::string_view& bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      // Another process that has the same open file made it non-blocking.
      pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, kPollMs);
    } else if (written < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct LineWriter::State {
  explicit State(LineWriterOptions given) : options(given) {}

  const LineWriterOptions options;
  std::mutex mutex;
  std::condition_variable changed;  // lines came, or the end; or all is written
  std::string pending;              // whole lines
  std::uint64_t unsaid = 0;         // dropped, and no line says so yet
  bool ending = false;
  bool torn = false;                          // the last write ended within a line
  bool failing = false;                       // the last write failed
  std::atomic<std::size_t> waiting_bytes{0};  // of pending, and of what is being written
  std::atomic<std::uint64_t> dropped{0};

  bool HasRoom(std::size_t bytes) const {
    return waiting_bytes.load(std::memory_order_relaxed) + bytes <= options.waiting_bytes_max;
  }
  void Append(std::string_view line) {
    pending += line;
    pending += '\n';
    waiting_bytes += line.size() + 1;
  }
  // False: there is no room to say it.
  bool SayDropped() {
    if (unsaid == 0 || !options.describe_dropped) return true;
    const std::string note = options.describe_dropped(unsaid);
    if (!HasRoom(note.size() + 1)) return false;
    Append(note);
    unsaid = 0;
    return true;
  }
  void Drop(std::uint64_t lines) {
    dropped += lines;
    unsaid += lines;
  }

  void Run();
  void WritePieces(std::string_view lines);
  void NoteWritten(bool written, std::string_view rest);
};

// The thread's body.
void LineWriter::State::Run() {
  std::string taken;
  std::unique_lock lock(mutex);
  for (;;) {
    if (pending.empty() && !failing) (void)SayDropped();
    if (pending.empty() && ending) return;
    if (pending.empty()) {
      changed.wait(lock);
      continue;
    }
    taken.swap(pending);
    lock.unlock();
    WritePieces(taken);
    taken.clear();
    if (taken.capacity() > kKeptBytes) taken.shrink_to_fit();
    lock.lock();
    changed.notify_all();
  }
}

void LineWriter::State::WritePieces(std::string_view lines) {
  while (!lines.empty()) {
    std::string_view piece = lines.substr(0, NextPiece(lines));
    const std::size_t bytes = piece.size();
    std::string_view newline = "\n";
    if (torn && WriteAll(options.descriptor, newline)) torn = false;
    const bool written = !torn && WriteAll(options.descriptor, piece);
    torn = torn || (!written && piece.size() < bytes);
    NoteWritten(written, piece);
    lines.remove_prefix(bytes);
    waiting_bytes -= bytes;
  }
}

void LineWriter::State::NoteWritten(bool written, std::string_view rest) {
  const std::lock_guard lock(mutex);
  failing = !written;
  if (failing) Drop(static_cast<std::uint64_t>(std::ranges::count(rest, '\n')));
}

LineWriter::LineWriter(LineWriterOptions options)
    : options_(options), state_(std::make_shared<State>(options)) {
  // Signals are for the threads that wait for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([state = state_] { state->Run(); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->failing) (void)state_->SayDropped();
    state_->ending = true;
    state_->changed.notify_all();
  }
  (void)Flush(options_.end_patience);
}

void LineWriter::Add(std::string_view line) {
  const std::lock_guard lock(state_->mutex);
  const bool said = state_->failing || state_->SayDropped();
  if (!said || !state_->HasRoom(line.size() + 1)) return state_->Drop(1);
  state_->Append(line);
  state_->changed.notify_all();
}

bool LineWriter::Flush(Duration patience) const {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (std::int64_t waited_ms = 0; state_->waiting_bytes.load() > 0; ++waited_ms) {
    if (waited_ms >= patience.ms) return false;
    nanosleep(&kPause, nullptr);
  }
  return true;
}

std::uint64_t LineWriter::dropped() const { return state_->dropped.load(std::memory_order_relaxed); }
std::size_t LineWriter::waiting_bytes() const {
  return state_->waiting_bytes.load(std::memory_order_relaxed);
}

bool WriteWithin(int descriptor, std::string_view bytes, Duration patience) {
  std::int64_t waited_ms = 0;
  while (!bytes.empty()) {
    // A pipe that is writable takes a page without blocking (pipe(7)).
    pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
    const int ready = poll(&writable, 1, 1);
    if (ready <= 0) {
      if (++waited_ms > patience.ms) return false;
      continue;
    }
    const ssize_t written = write(descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace tidemill::log
