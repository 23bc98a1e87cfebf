#include "jobs/faktory/connection.h"

#include <utility>

#include "base/log.h"
#include "jobs/faktory/reply.h"

namespace tidemill::faktory {
namespace {

// How long a connection that ends with an error stays open so that the client can read why.
constexpr Duration kLinger = Seconds(2);
// For the hash of a password behind those of others, and for the handshake of TLS before HELLO.
constexpr Duration kPasswordTimeout = Seconds(10);
constexpr Duration kTlsTimeout = Seconds(5);

constexpr std::size_t kHashBytes = 64;  // SHA-256 in hexadecimal
// Answers that wait for commits, before the next command is looked at.
constexpr std::size_t kAnswersMax = 1000;
// Answers that the client has not taken, before the next command is looked at.
constexpr std::size_t kUnreadBytesMax = 256 << 10;
// From here on they are sent before the turn ends, to see whether the client takes them.
constexpr std::size_t kSendNowBytes = 16 << 10;
// Buffers up to this much together do not count.
constexpr std::size_t kFreeBytes = 4 << 10;

}  // namespace

Connection::Connection(ServerState& server, std::unique_ptr<net::Stream> stream)
    : server_(server), stream_(std::move(stream)) {
  server_.Remember(*this);
}

Connection::~Connection() = default;

void Connection::Start() {
  stream_->SetHandler(this);
  if (!server_.options.password.empty()) challenge_ = MakeChallenge();
  std::string greeting;
  AppendGreeting(challenge_ ? &*challenge_ : nullptr, greeting);
  stream_->Queue(greeting);
  const Duration tls = stream_->is_tls() ? kTlsTimeout : Duration{};
  server_.loop().timers().Schedule(*this, server_.loop().Now() + kHelloTimeout + tls);
}

void Connection::Refuse(std::string_view why) {
  stream_->SetHandler(this);
  std::string answer;
  AppendError(why, answer);
  stream_->Queue(answer);
  CloseSoon();
}

void Connection::CloseSoon() {
  if (phase_ == Phase::kClosing) return;
  phase_ = Phase::kClosing;
  if (session_) session_->StopFetching();
  server_.loop().timers().Cancel(*this);
  stream_->CloseAfterFlush(kLinger);
}

// Reading.

void Connection::OnData(std::string_view bytes) {
  if (phase_ == Phase::kClosing) return;
  reader_.Feed(bytes);
  reading_ = true;
  ReadLines();
  if (session_) session_->Seal();
  reading_ = false;
  if (phase_ != Phase::kClosing && Count()) GoOn();
}

void Connection::ReadLines() {
  while (phase_ != Phase::kClosing) {
    if (MustWait()) return HoldInput();
    const auto line = reader_.Next();
    if (!line) return phase_ == Phase::kHello ? RefuseHello("too long") : Refuse(line.error().detail);
    if (!*line) return;
    OnLine(**line);
    if (!server_.loop().ShareSpent()) continue;
    if (const std::string_view rest = reader_.TakeRest(); !rest.empty()) stream_->GiveBack(rest);
    return;
  }
}

bool Connection::MustWait() {
  if (phase_ == Phase::kPassword) return true;
  if (!session_) return false;
  if (session_->busy() || session_->ended() || session_->answers_waiting() >= kAnswersMax) return true;
  return stream_->blocked() && stream_->queued_bytes() > kUnreadBytesMax;
}

// While nothing has come that must wait, the client's end is to be seen.
void Connection::HoldInput() {
  const std::string_view rest = reader_.TakeRest();
  if (rest.empty()) return;
  stream_->PauseReading();
  stream_->GiveBack(rest);
}

void Connection::OnLine(std::string_view line) {
  if (!session_) return OnHello(line);
  server_.metrics.commands.Add();
  if (Session::IsBulk(line)) return session_->ExecuteBulk(reader_.TakeLine(line));
  session_->Execute(line);
}

// Writing.

void Connection::OnAnswers(std::string_view bytes) {
  stream_->Queue(bytes);
  WatchWriting();
  if (!reading_) GoOn();
}

void Connection::OnFree() { GoOn(); }

// After something happened that input or END may have waited for.
void Connection::GoOn() {
  if (finished_ || phase_ == Phase::kClosing) return;
  if (session_ && session_->ended()) {
    if (session_->settled()) CloseSoon();
    return;
  }
  if (!MustWait()) stream_->ResumeReading();
}

void Connection::WatchWriting() {
  if (stream_->queued_bytes() <= kSendNowBytes) return;
  stream_->Send({});
  if (!stream_->blocked() || phase_ == Phase::kClosing) return;
  if (!scheduled()) {
    server_.loop().timers().Schedule(*this, server_.loop().Now() + server_.options.answer_timeout);
  }
  (void)Count();
}

void Connection::OnWritable() {
  if (finished_ || phase_ != Phase::kServing) return;
  server_.loop().timers().Cancel(*this);
  if (Count()) GoOn();
}

void Connection::OnTimer() {
  if (phase_ == Phase::kServing) {
    server_.metrics.stalled.Add();
    log::Info("jobs.client_stalled", {{"peer", stream_->peer().ToString()}, {"wid", wid_}});
  } else {
    server_.metrics.handshakes_refused.Add();
  }
  Finish();
}

// The handshake.

void Connection::RefuseHello(const char* why) {
  server_.metrics.handshakes_refused.Add();
  log::Debug("jobs.handshake_refused", {{"peer", stream_->peer().ToString()}, {"why", why}});
  Finish();
}

void Connection::OnHello(std::string_view line) {
  Result<Hello> hello = ParseHello(line);
  if (!hello) return RefuseHello("no HELLO");
  if (!challenge_) return Welcome(*std::move(hello));
  phase_ = Phase::kPassword;
  server_.loop().timers().Schedule(*this, server_.loop().Now() + kPasswordTimeout);
  scope_.Spawn(CheckPassword(*std::move(hello)));
}

Task<void> Connection::CheckPassword(Hello hello) {
  Result<bool> is_right = false;
  // What cannot be right costs nothing.
  if (hello.password_hash.size() == kHashBytes) {
    is_right = co_await server_.hasher->Run(
        server_.loop(), [hello, password = server_.options.password, challenge = *challenge_] {
          return IsPassword(hello, password.value, challenge);
        });
  }
  if (finished_ || phase_ == Phase::kClosing) co_return;
  if (!is_right) co_return Refuse("too many wait for their password to be checked, try again");
  if (!*is_right) {
    server_.metrics.handshakes_refused.Add();
    if (const auto suppressed = server_.refusals_logged.Count(server_.loop().Now())) {
      log::Warn("jobs.password_wrong", {{"peer", stream_->peer().ToString()}, {"suppressed", *suppressed}});
    }
    co_return Refuse("Invalid password");
  }
  Welcome(std::move(hello));
  GoOn();
}

void Connection::Welcome(Hello hello) {
  if (server_.services.draining) return Refuse("shutdown in progress");
  jobs::Engine& engine = server_.services.engine;
  if (hello.is_consumer()) {
    const Result<> added = engine.AddWorker({.wid = hello.wid,
                                             .hostname = std::move(hello.hostname),
                                             .pid = hello.pid,
                                             .labels = std::move(hello.labels)});
    if (!added) return Refuse(FailedText(added.error()));
    wid_ = std::move(hello.wid);
    engine.WorkerConnected(wid_);
    server_.watch.Add(wid_, *this);
  }
  phase_ = Phase::kServing;
  server_.loop().timers().Cancel(*this);
  reader_.Limit(server_.options.line_bytes_max);
  (void)server_.buffers.Resize(std::exchange(counted_, 0), 0, share());
  session_.emplace(server_.services, static_cast<SessionOwner&>(*this), wid_);
  challenge_.reset();
  stream_->Queue("+OK\r\n");
}

// Memory.

bool Connection::Count() {
  const std::size_t bytes =
      reader_.bytes_kept() + stream_->queued_bytes() + (session_ ? session_->bytes() : 0);
  const std::size_t counts = bytes <= kFreeBytes ? 0 : bytes;
  if (server_.buffers.Resize(counted_, counts, share())) {
    counted_ = counts;
    return true;
  }
  server_.metrics.buffers_refused.Add();
  if (const auto suppressed = server_.refusals_logged.Count(server_.loop().Now())) {
    log::Warn("jobs.buffers_used_up", {{"peer", stream_->peer().ToString()},
                                       {"limit_bytes", server_.options.buffers_bytes_max},
                                       {"setting", "jobs.faktory.buffers_bytes_max"},
                                       {"suppressed", *suppressed}});
  }
  if (stream_->blocked()) {
    Finish();
  } else {
    Refuse("the memory for commands is used up (jobs.faktory.buffers_bytes_max)");
  }
  return false;
}

// Ending.

void Connection::OnClosed() {
  if (session_ && session_->has_job_on_its_way() && !session_->settled()) session_->GiveBackJob();
  Finish();
}

void Connection::OnRetire() { stream_->Close(); }

void Connection::Leave() {
  finished_ = true;
  phase_ = Phase::kClosing;
  server_.loop().timers().Cancel(*this);
  if (session_) session_->StopFetching();
  if (!wid_.empty()) {
    server_.watch.Remove(wid_, *this);
    server_.services.engine.WorkerDisconnected(wid_);
  }
  (void)server_.buffers.Resize(counted_, 0, share());
  counted_ = 0;
  server_.Forget(*this);
}

void Connection::Finish() {
  if (finished_) return;
  Leave();
  server_.loop().Retire(std::unique_ptr<net::Retirable>(this));
}

}  // namespace tidemill::faktory
