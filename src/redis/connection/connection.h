// Connection: one connection to one Redis server, from its opening to its end; it is never opened again.
//
// Commands are pipelined: those of a turn leave in one write, answers come in order. An answer later than
// io_timeout ends the connection, and so does silence after a PING: a peer that vanished is noticed within
// probe_interval + io_timeout.
//
// Loop thread only. The owner destroys it through Loop::Retire.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "redis/command.h"
#include "redis/connection/reply_reader.h"
#include "redis/metrics.h"
#include "redis/options.h"
#include "redis/reply.h"

namespace tidemill::redis {

class Connection final : public net::StreamHandler, public net::Retirable, private net::Timer {
 public:
  // Connects, authenticates, selects the database and sets the client's name, all within connect_timeout.
  // kTimeout, kUnavailable; kPermissionDenied: the server refused the credentials or the database.
  static Task<Result<std::unique_ptr<Connection>>> Open(net::Loop& loop, Endpoint endpoint,
                                                        ConnectionOptions options, Metrics& metrics);
  ~Connection() override;

  // kUnavailable, kLimitExceeded as Client::Send. The command need not outlive the call; the task may be
  // destroyed while it waits.
  Task<Result<Reply>> Send(Command command);
  // The answer is dropped.
  void SendUnawaited(const Command& command);

  // From here on every reply goes to `on_push` instead of to a waiting command: a subscribed connection sends
  // messages unasked. No command may be waiting. `Write` sends without waiting for anything; kLimitExceeded:
  // too many bytes wait.
  void SetOnPush(std::function<void(Reply)> on_push) { on_push_ = std::move(on_push); }
  Result<void> Write(const Command& command);
  // Sends a PING whose answer is one of the pushes.
  Result<void> WritePing();

  // Called once, with the reason, when it ends by itself; never from inside a call of its owner.
  void SetOnClosed(std::function<void(std::string why)> on_closed) { on_closed_ = std::move(on_closed); }

  // Ends it: waiting commands fail with kUnavailable. No OnClosed follows.
  void Close(const std::string& why);
  bool closed() const { return closed_; }
  // Counts an error that came as a push, as Send does with those it gets.
  void NoteError(std::string_view error, std::string_view command);

  void OnData(std::string_view bytes) override;
  void OnWritable() override {}
  void OnClosed() override { End("closed by the server"); }
  void OnRetire() override { Close("given up"); }

 private:
  class Call;
  struct Slot {
    Call* call = nullptr;  // null: its task is gone
    MonotonicTime sent{};
    std::int64_t sent_us = 0;
  };

  Connection(net::Loop& loop, std::unique_ptr<net::Stream> stream, std::string server,
             ConnectionOptions options, Metrics& metrics);
  Task<Result<void>> Greet();
  Result<void> CheckRoom();
  void Queue(const Command& command);
  void Take(Reply reply);
  void Forget(std::uint64_t sequence);
  void End(std::string why);
  void OnTimer() override;

  net::Loop& loop_;
  const std::string server_;  // for the log
  const ConnectionOptions options_;
  Metrics& metrics_;
  std::unique_ptr<net::Stream> stream_;
  ReplyReader reader_;
  std::string scratch_;
  std::deque<Slot> waiting_;          // in the order they were sent
  std::uint64_t first_sequence_ = 0;  // of waiting_.front()
  MonotonicTime last_heard_{};
  std::optional<MonotonicTime> pinged_;  // a subscribed connection waits for anything from the server since
  std::function<void(Reply)> on_push_;
  std::function<void(std::string)> on_closed_;
  bool closed_ = false;
};

}  // namespace tidemill::redis
