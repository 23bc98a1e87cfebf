// BodyReader: the body of a request that its handler reads while it arrives, piece by piece: an upload, what
// no buffer should hold.
//
// Nothing is read from the client before the handler asks, and never much more than it has taken. A body that
// is too long, not framed as it should be, or too slow is answered by the connection; the handler's task is
// then destroyed, as when the client goes away. So what a task needs undone stands in destructors.
// Loop thread only.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/chunked.h"
#include "net/loop.h"

namespace tidemill::http {

class BodyReader final : private net::Timer {
 public:
  // What may be kept, besides one read of the connection, before the client has to wait.
  static constexpr std::size_t kKeptBytesMax = 128 * 1024;
  // What it takes of memory: that, and the piece that the handler has.
  static constexpr std::size_t kCountedBytes = 2 * kKeptBytesMax;
  // The time that a body has begins anew with each of so many bytes.
  static constexpr std::size_t kProgressBytes = 256 * 1024;

  // For Connection, which is the owner.
  class Owner {
   public:
    virtual void OnBodyWanted() = 0;
    // The handler waits, and will never go on.
    virtual void OnBodyRefused(const Refused& refused) = 0;

   protected:
    ~Owner() = default;
  };
  struct Options {
    std::optional<std::size_t> body_bytes;  // nullopt: it comes in chunks
    std::size_t bytes_max = 0;              // of chunks
    Duration timeout;                       // of waiting for the client
  };
  BodyReader(net::Loop& loop, Owner& owner, const Options& options);
  ~BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  // How long the body will be; nullopt: nobody has said.
  std::optional<std::size_t> body_bytes() const { return options_.body_bytes; }
  class Piece;
  // std::string piece = co_await body.Read(): what has arrived, at least a byte; "" once that was all.
  Piece Read();

  // For Connection.
  // Gives how many of `bytes` belong to the body, which it has taken.
  std::size_t Take(std::string_view bytes);
  // Resumes the handler if it waits for what was taken. The last thing that its caller does with the reader.
  void Wake();
  bool wants_more() const { return begun_ && !ended_ && !refused_ && data_.size() < kKeptBytesMax; }
  bool ended() const { return ended_; }

 private:
  std::size_t TakeChunks(std::string_view bytes);
  void Wait(std::coroutine_handle<> awaiter);
  std::string TakeData();
  void OnTimer() override;

  net::Loop& loop_;
  Owner& owner_;
  const Options options_;
  ChunkedDecoder chunks_;
  std::string held_;  // a line between chunks that is not whole
  std::string data_;  // not yet taken by the handler
  std::size_t left_;  // of a body whose length is known
  std::size_t progress_bytes_ = 0;
  Duration time_left_;
  MonotonicTime waiting_since_;
  std::optional<Refused> refused_;
  std::coroutine_handle<> awaiter_;
  bool begun_ = false;  // the handler has asked
  bool ended_;
};

class [[nodiscard]] BodyReader::Piece {
 public:
  explicit Piece(BodyReader& body) : body_(body) {}
  bool await_ready() const { return !body_.data_.empty() || body_.ended_; }
  void await_suspend(std::coroutine_handle<> awaiter) { body_.Wait(awaiter); }
  std::string await_resume() const { return body_.TakeData(); }

 private:
  BodyReader& body_;
};

}  // namespace tidemill::http
