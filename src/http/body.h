// A response's body that is made while it is sent: an export, an event stream, what no buffer should hold.
//
// One whose length is known is sent with it. Of others HTTP/1.1 clients get chunks and keep their connection,
// HTTP/1.0 clients all until the connection closes.
// Loop thread only.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::net {
class Stream;
}

namespace tidemill::http {

struct ServerMetrics;

// Sends a body piece by piece, no faster than the client reads it.
class BodyWriter final : private net::Pollable, private net::Timer {
 public:
  // What may be queued for the client, besides the last piece, before Write waits; also the share of one
  // turn.
  static constexpr std::size_t kQueuedBytesMax = 256 * 1024;

  enum class Framing { kChunked, kPlain };  // kPlain: ends by its length, or with the connection
  struct Options {
    Framing framing = Framing::kChunked;
    std::size_t queued_bytes_max = kQueuedBytesMax;  // for the client, before Write waits
    Duration stall_timeout;            // how long a client may take for what is queued when Write waits
    ServerMetrics* metrics = nullptr;  // null: nothing is counted
  };
  // For Connection. `stream` outlives the writer.
  BodyWriter(net::Stream& stream, Options options);
  ~BodyWriter();
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

  class Room;
  // co_await body.Write(bytes): takes `bytes` at once, and goes on when there is room for more. Never goes on
  // once the client is gone: the waiting task is then destroyed with its connection.
  Room Write(std::string_view bytes);

  // For Connection: how many bytes were written, what ends the body, and the stream's OnWritable.
  std::uint64_t body_bytes() const { return body_bytes_; }
  void End();
  void OnWritable();

 private:
  bool MustWait() const;
  void Wait(std::coroutine_handle<> awaiter);
  void Resume();
  void OnReady(std::uint32_t) override;
  void OnTimer() override;
  void Queue(std::string_view bytes);

  net::Stream& stream_;
  const Options options_;
  std::coroutine_handle<> awaiter_;
  std::size_t written_bytes_ = 0;  // since Write last waited
  std::uint64_t body_bytes_ = 0;
};

class [[nodiscard]] BodyWriter::Room {
 public:
  explicit Room(BodyWriter& body) : body_(body) {}
  bool await_ready() const { return !body_.MustWait(); }
  void await_suspend(std::coroutine_handle<> awaiter) { body_.Wait(awaiter); }
  void await_resume() const {}

 private:
  BodyWriter& body_;
};

// Makes the body of one response.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Writes all of it. An error breaks the connection off, because the status has been sent already: an
  // HTTP/1.1 client sees that the rest is missing, an HTTP/1.0 client cannot. The task is destroyed when the
  // client goes. Not called for HEAD.
  virtual Task<Result<void>> WriteTo(BodyWriter& body) = 0;
  // What of it may wait for a slow client, besides a piece: it counts as the connection's buffer.
  virtual std::size_t queued_bytes_max() const { return BodyWriter::kQueuedBytesMax; }
};

}  // namespace tidemill::http
