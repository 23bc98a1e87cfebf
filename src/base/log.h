// Structured log: one line per event, a constant event name in the past tense, then key=value fields.
//
//   log::Info("session.closed", {{"reason", "slow"}, {"queued_bytes", 1048577}});
//
// error = someone must act; warn = degraded, heals itself; info = lifecycle; debug = per connection;
// nothing per message. Values are escaped (control bytes, quotes) and cut at 512 bytes. Payloads, tokens,
// keys and passwords are never fields. Lines go to standard error. Any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace tidemill::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };
enum class Format { kText, kJson };

struct Options {
  Level level = Level::kInfo;
  Format format = Format::kText;
};

struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

  constexpr Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  constexpr Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  constexpr Field(std::string_view k, bool v) : key(k), value(v) {}
  constexpr Field(std::string_view k, double v) : key(k), value(v) {}
  template <std::signed_integral T>
  constexpr Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  constexpr Field(std::string_view k, T v) : key(k), value(static_cast<std::uint64_t>(v)) {}
};

using Fields = std::initializer_list<Field>;

// Replaces level and format, at start and on reload.
void Configure(Options options);
bool Enabled(Level level);

// While it exists, a thread of its own writes the lines (line_writer.h), so that nobody who logs waits for
// the reader of standard error. At its end, what can be written within a second is written. At most one; main
// thread.
class Background {
 public:
  Background();
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
};

// Lines that were not written, and bytes that wait to be.
std::uint64_t DroppedLines();
std::size_t WaitingBytes();

// For the last words of a process: writes to standard error at once, after what waits, without a time or a
// level. False: nobody reads, and it gave up after a second or so. Safe in a signal handler.
bool WriteLastWords(std::string_view text);

// Replaces where lines go, for tests; nullptr restores standard error. The line has no newline.
using Sink = void (*)(std::string_view line);
void SetSinkForTest(Sink sink);

void Debug(std::string_view event, Fields fields = {});
void Info(std::string_view event, Fields fields = {});
void Warn(std::string_view event, Fields fields = {});
void Error(std::string_view event, Fields fields = {});

}  // namespace tidemill::log
