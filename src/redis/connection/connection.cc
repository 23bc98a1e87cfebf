#include "redis/connection/connection.h"

#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/async.h"
#include "net/connect.h"
#include "net/until.h"

namespace tidemill::redis {
namespace {

// Of a turn, for what one connection brings: a publication may be much work, and many come at once.
constexpr net::Micros kShare = 2000;

Task<Result<std::unique_ptr<net::Stream>>> ConnectStream(net::Loop& loop, Endpoint endpoint,
                                                         ConnectionOptions options, MonotonicTime deadline) {
  net::ConnectOptions connect{.unix_path = endpoint.unix_path,
                              .timeout = options.connect_timeout,
                              .tls = options.tls,
                              .server_name = endpoint.host};
  if (!endpoint.unix_path.empty()) co_return co_await net::Connect(loop, std::move(connect));
  TM_CO_TRY_ASSIGN(auto addresses, co_await net::Resolve(loop, endpoint.host, endpoint.port));
  co_return co_await net::ConnectToAny(loop, std::move(addresses), deadline, std::move(connect));
}

// An unknown command is answered with its arguments, among which may be a password or a payload.
void CutArguments(std::string& error) {
  const std::size_t at = error.find(", with args beginning with");
  if (at != error.npos) error.resize(at);
}

}  // namespace

// One waiting command, in the frame of its Send.
class Connection::Call {
 public:
  Call(Connection& connection, std::uint64_t sequence) : connection_(&connection), sequence_(sequence) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (!answer_) connection_->Forget(sequence_);
  }

  bool await_ready() const { return answer_.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
  Result<Reply> await_resume() { return *std::move(answer_); }

  void Answer(Result<Reply> answer) {
    answer_ = std::move(answer);
    if (awaiter_) awaiter_.resume();
  }

 private:
  Connection* const connection_;
  const std::uint64_t sequence_;
  std::optional<Result<Reply>> answer_;
  std::coroutine_handle<> awaiter_;
};

Connection::Connection(net::Loop& loop, std::unique_ptr<net::Stream> stream, std::string server,
                       ConnectionOptions options, Metrics& metrics)
    : loop_(loop),
      server_(std::move(server)),
      options_(std::move(options)),
      metrics_(metrics),
      stream_(std::move(stream)),
      reader_(options_.reply_bytes_max),
      last_heard_(loop.Now()) {
  stream_->SetHandler(this);
  metrics_.connects.Add();
  metrics_.connections.Add(1);
  loop_.timers().Schedule(*this, loop_.Now() + options_.probe_interval);
}

Connection::~Connection() {
  Close("given up");
  loop_.Retire(std::move(stream_));
}

Task<Result<std::unique_ptr<Connection>>> Connection::Open(net::Loop& loop, Endpoint endpoint,
                                                           ConnectionOptions options, Metrics& metrics) {
  const MonotonicTime deadline = loop.clock().Now() + options.connect_timeout;
  auto stream = co_await net::Until(loop, deadline, ConnectStream(loop, endpoint, options, deadline));
  if (!stream) co_return std::unexpected(std::move(stream).error());
  std::unique_ptr<Connection> connection(
      new Connection(loop, *std::move(stream), endpoint.ToString(), std::move(options), metrics));
  auto greeted = co_await net::Until(loop, deadline, connection->Greet());
  if (!greeted) {
    loop.Retire(std::move(connection));
    co_return Fail(greeted.error().code, endpoint.ToString() + ": " + greeted.error().detail);
  }
  co_return connection;
}

Task<Result<void>> Connection::Greet() {
  std::vector<Command> commands;
  const Credentials& credentials = options_.credentials;
  if (!credentials.user.empty()) {
    commands.push_back({"AUTH", credentials.user, credentials.password});
  } else if (!credentials.password.empty()) {
    commands.push_back({"AUTH", credentials.password});
  }
  if (options_.db != 0) commands.push_back({"SELECT", std::to_string(options_.db)});
  if (!options_.client_name.empty()) commands.push_back({"CLIENT", "SETNAME", options_.client_name});
  for (Command& command : commands) {
    TM_CO_TRY_ASSIGN(const Reply reply, co_await Send(std::move(command)));
    if (reply.is_error()) co_return Fail(Errc::kPermissionDenied, reply.text);
  }
  co_return Result<void>();
}

Task<Result<Reply>> Connection::Send(Command command) {
  TM_ASSERT(!on_push_);
  TM_CO_TRY(CheckRoom());
  Queue(command);
  Call call(*this, first_sequence_ + waiting_.size());
  waiting_.push_back({.call = &call, .sent = loop_.Now(), .sent_us = MonotonicMicros()});
  auto answer = co_await call;
  if (answer && answer->is_error()) {
    CutArguments(answer->text);
    NoteError(answer->text, command.name());
  }
  co_return answer;
}

void Connection::NoteError(std::string_view error, std::string_view command) {
  metrics_.errors.Add();
  metrics_.refusals.Note(error, server_, command);
}

void Connection::SendUnawaited(const Command& command) {
  if (closed_) return;
  Queue(command);
  waiting_.push_back({.call = nullptr, .sent = loop_.Now()});
}

void Connection::Queue(const Command& command) {
  scratch_.clear();
  command.AppendTo(scratch_);
  stream_->Queue(scratch_);
  metrics_.commands.Add();
}

Result<void> Connection::CheckRoom() {
  if (closed_) {
    metrics_.refused.Add();
    return Fail(Errc::kUnavailable, "the connection has ended");
  }
  if (waiting_.size() >= options_.commands_max || stream_->queued_bytes() >= options_.queued_bytes_max) {
    metrics_.refused.Add();
    return Fail(Errc::kLimitExceeded, "too many commands wait for Redis");
  }
  return {};
}

Result<void> Connection::Write(const Command& command) {
  TM_TRY(CheckRoom());
  Queue(command);
  return {};
}

Result<void> Connection::WritePing() {
  TM_TRY(Write({"PING"}));
  if (!pinged_) pinged_ = loop_.Now();
  return {};
}

void Connection::Forget(std::uint64_t sequence) {
  if (sequence < first_sequence_ || sequence - first_sequence_ >= waiting_.size()) return;
  waiting_[sequence - first_sequence_].call = nullptr;
}

void Connection::OnData(std::string_view bytes) {
  last_heard_ = loop_.Now();
  pinged_.reset();
  if (auto fed = reader_.Feed(bytes); !fed) return End(fed.error().detail);
  while (!closed_) {
    if (loop_.ShareSpent(kShare)) return stream_->GiveBack({});  // the reader has the rest
    auto reply = reader_.Next();
    if (!reply) return End(reply.error().detail);
    if (!*reply) return;
    Take(**std::move(reply));
  }
}

void Connection::Take(Reply reply) {
  if (on_push_) return on_push_(std::move(reply));
  if (waiting_.empty()) return End("an answer to nothing");
  const Slot slot = waiting_.front();
  waiting_.pop_front();
  ++first_sequence_;
  if (!slot.call) return;
  metrics_.seconds.Observe(static_cast<double>(MonotonicMicros() - slot.sent_us) / 1e6);
  slot.call->Answer(std::move(reply));
}

// Ends the connection when the oldest command, or a PING after silence, has no answer in time.
void Connection::OnTimer() {
  const MonotonicTime now = loop_.Now();
  MonotonicTime asked = now;
  if (!waiting_.empty()) {
    asked = waiting_.front().sent;
  } else if (pinged_) {
    asked = *pinged_;
  } else if (now - last_heard_ >= options_.probe_interval) {
    if (on_push_) {
      (void)WritePing();
    } else {
      SendUnawaited({"PING"});
    }
  }
  if (now - asked >= options_.io_timeout) return End("no answer in time");
  const MonotonicTime late = asked + options_.io_timeout;
  const MonotonicTime probe = now + options_.probe_interval;
  loop_.timers().Schedule(*this, late < probe ? late : probe);
}

void Connection::End(std::string why) {
  if (closed_) return;
  Close(why);
  if (on_closed_) std::exchange(on_closed_, nullptr)(std::move(why));
}

void Connection::Close(const std::string& why) {
  if (std::exchange(closed_, true)) return;
  metrics_.connections.Sub(1);
  metrics_.disconnects.Add();
  loop_.timers().Cancel(*this);
  stream_->Close();
  while (!waiting_.empty()) {
    const Slot slot = waiting_.front();
    waiting_.pop_front();
    ++first_sequence_;
    if (!slot.call) continue;
    metrics_.unanswered.Add();
    slot.call->Answer(Fail(Errc::kUnavailable, "Redis: " + why));
  }
}

}  // namespace tidemill::redis
