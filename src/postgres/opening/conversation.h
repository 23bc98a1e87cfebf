// Conversation: the messages of one connection while a session is opened on it: what was sent is answered,
// one message at a time.
//
// Loop thread only. Destroying it ends the connection, unless the stream was taken.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "postgres/protocol/message_reader.h"
#include "sql/failure.h"

namespace tidemill::postgres {

class Conversation final : public net::StreamHandler {
 public:
  explicit Conversation(std::unique_ptr<net::Stream> stream);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  void Send(std::string_view bytes) { stream_->Queue(bytes); }

  struct Received {
    char type = 0;
    std::string body;
  };
  // co_await Next(): the server's next message. kUnavailable: the connection ended, or that is not
  // PostgreSQL's protocol.
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(Conversation& conversation) : conversation_(conversation) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { conversation_.awaiter_ = nullptr; }
    bool await_ready() const { return conversation_.HasNext(); }
    void await_suspend(std::coroutine_handle<> awaiter) { conversation_.awaiter_ = awaiter; }
    sql::Result<Received> await_resume() { return conversation_.TakeNext(); }

   private:
    Conversation& conversation_;
  };
  Awaiter Next() { return Awaiter(*this); }

  // The server has let us in: from now on it may say what answers a query.
  void BeginQueries() { reader_.SetPhase(Phase::kQuery); }

  net::Stream& stream() { return *stream_; }
  // After ReadyForQuery. What came behind it goes to the next handler. kUnavailable: the server had said more
  // than it was asked, before that.
  sql::Result<std::unique_ptr<net::Stream>> TakeStream();

  void OnData(std::string_view bytes) override;
  void OnWritable() override {}
  void OnClosed() override;

 private:
  bool HasNext() const { return !received_.empty() || ended_; }
  sql::Result<Received> TakeNext();
  void Read();
  void Break(std::string why);
  void Resume();

  std::unique_ptr<net::Stream> stream_;
  MessageReader reader_;
  std::deque<Received> received_;
  std::size_t received_bytes_ = 0;     // in it
  std::optional<sql::Failure> ended_;  // nothing more comes
  std::coroutine_handle<> awaiter_;
};

}  // namespace tidemill::postgres
