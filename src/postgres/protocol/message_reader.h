// MessageReader: bytes from a PostgreSQL server in, its messages out, read where they lie.
//
// A message that is whole in the bytes at hand is not copied; the others are collected as they come, so a
// length that is announced and does not follow costs nothing. Each type has its limit. Rows, COPY data,
// errors and notices over theirs are passed over, the rest is a breach. Without I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::postgres {

struct Message {
  char type = 0;                    // PostgreSQL documentation, "Message Formats": 'D' is DataRow
  std::string_view body;            // what follows the length
  std::uint32_t skipped_bytes = 0;  // not 0: it was over its limit and was passed over; `body` is empty
};

enum class Phase : std::uint8_t {
  kLogin,  // until the first ReadyForQuery: short messages of few types
  kQuery,
};

class MessageReader {
 public:
  // `row_bytes_max`: of one DataRow or CopyData; both count without the length.
  MessageReader(Phase phase, std::uint32_t row_bytes_max) : phase_(phase), row_bytes_max_(row_bytes_max) {}
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // `bytes` is borrowed until Next gives nullopt or an error, or TakeRest. What was fed before must have been
  // read to there.
  void Feed(std::string_view bytes);
  // nullopt: more bytes are needed. The message is borrowed until the next call of any of these.
  // kInvalidArgument: that is not what a PostgreSQL server says in this phase; nothing more can be read.
  Result<std::optional<Message>> Next();
  // The same for a message within its limit that lies whole in the bytes at hand, as nearly all do; nullopt:
  // ask Next.
  std::optional<Message> TakeWhole();
  // The bytes that were fed and not read: they are to be fed again.
  std::string_view TakeRest();

  void SetPhase(Phase phase) { phase_ = phase; }

 private:
  struct Limit;
  static Limit LimitOf(Phase phase, std::uint32_t row_bytes_max, char type);
  Result<bool> ReadHeader(std::string_view from);
  bool Collect(std::size_t wanted);
  std::optional<Message> PassOver();

  Phase phase_;
  const std::uint32_t row_bytes_max_;
  std::string_view input_;
  std::string collected_;  // of the message that is not whole yet, or of the one that was given last
  bool given_ = false;     // collected_ was given
  char type_ = 0;          // of the message whose header was read last
  std::uint32_t body_bytes_ = 0;
  std::uint32_t to_skip_ = 0;  // of its body, still to come
};

}  // namespace tidemill::postgres
