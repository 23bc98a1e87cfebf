#include "net/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <coroutine>
#include <cstring>
#include <utility>

#include "net/socket.h"
#include "net/tls.h"

namespace tidemill::net {
namespace {

void SetKeepAlive(int fd, const KeepAlive& options) {
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (options.idle_s > 0) SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.idle_s));
  if (options.interval_s > 0) SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.interval_s));
  if (options.count > 0) SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(options.count));
  if (options.unacknowledged_max.ms > 0) {
    SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.unacknowledged_max.ms));
  }
}

// Waits for the connection and then for the handshake. An awaitable: destroying it gives both up.
class Connecting final : public Pollable, public Timer {
 public:
  Connecting(Loop& loop, const ConnectOptions& options) : loop_(loop), options_(options) {}
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;
  ~Connecting() override { StopWaiting(); }

  // Nullopt: the outcome comes later.
  std::optional<Result<void>> Start();

  bool await_ready() { return (outcome_ = Start()).has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    loop_.timers().Schedule(*this, loop_.clock().Now() + options_.timeout);
  }
  Result<void> await_resume() { return *std::move(outcome_); }

  std::unique_ptr<Stream> TakeStream() {
    auto stream = Stream::Adopt(loop_, fd_.Release(), options_.address.ip, std::move(tls_));
    stream->TrustPeer();
    return stream;
  }

  void OnReady(std::uint32_t epoll_events) override;
  void OnTimer() override { Resume(FailConnect(Errc::kTimeout, "no answer in time")); }

 private:
  enum class Stage : std::uint8_t { kConnecting, kAsking, kAwaitingAnswer, kHandshaking };

  // Goes as far as there is something to do now; nullopt: wait on.
  std::optional<Result<void>> Step();
  std::optional<Result<void>> CheckConnected();
  std::optional<Result<void>> AskForTls();
  std::optional<Result<void>> TakeAnswer();
  std::optional<Result<void>> Handshake();
  std::unexpected<Error> FailConnect(Errc code, std::string_view why) const;
  std::unexpected<Error> FailErrno(int error) const {
    return FailConnect(Errc::kUnavailable, std::strerror(error));
  }
  void StopWaiting();
  void Resume(Result<void> outcome);

  Loop& loop_;
  const ConnectOptions& options_;
  Fd fd_;
  bool watching_ = false;
  Stage stage_ = Stage::kConnecting;
  std::size_t asked_bytes_ = 0;  // of the request for TLS
  std::unique_ptr<TlsSession> tls_;
  std::optional<Result<void>> outcome_;
  std::coroutine_handle<> awaiter_;
};

std::optional<Result<void>> Connecting::Start() {
  socklen_t bytes = 0;
  const bool is_unix = !options_.unix_path.empty();
  const sockaddr_storage address =
      is_unix ? ToSockaddr(options_.unix_path, bytes) : ToSockaddr(options_.address, bytes);
  fd_ = Fd(socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return FailErrno(errno);
  if (!is_unix) SetNoDelay(fd_.get());
  if (!is_unix && options_.keep_alive) SetKeepAlive(fd_.get(), *options_.keep_alive);
  if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), bytes) != 0 && errno != EINPROGRESS) {
    return FailErrno(errno);
  }
  if (Result<void> watched = loop_.Watch(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
      !watched) {
    return watched;
  }
  watching_ = true;
  return std::nullopt;
}

void Connecting::OnReady(std::uint32_t) {
  if (std::optional<Result<void>> outcome = Step()) Resume(*std::move(outcome));
}

std::optional<Result<void>> Connecting::Step() {
  switch (stage_) {
    case Stage::kConnecting: return CheckConnected();
    case Stage::kAsking: return AskForTls();
    case Stage::kAwaitingAnswer: return TakeAnswer();
    case Stage::kHandshaking: break;
  }
  return Handshake();
}

std::optional<Result<void>> Connecting::CheckConnected() {
  int error = 0;
  socklen_t bytes = sizeof error;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes);
  if (error != 0) return FailErrno(error);
  sockaddr_storage peer{};
  socklen_t peer_bytes = sizeof peer;
  // An edge that came before the connection did.
  if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_bytes) != 0) return std::nullopt;
  if (!options_.tls) return Result<void>();
  return options_.tls_request ? AskForTls() : Handshake();
}

std::optional<Result<void>> Connecting::AskForTls() {
  stage_ = Stage::kAsking;
  const std::string& request = options_.tls_request->request;
  while (asked_bytes_ < request.size()) {
    const ssize_t sent = send(fd_.get(), request.data() + asked_bytes_, request.size() - asked_bytes_,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return std::nullopt;
    if (sent < 0) return FailErrno(errno);
    asked_bytes_ += static_cast<std::size_t>(sent);
  }
  return TakeAnswer();
}

// One byte and not one more: what somebody in between put behind it must not be taken for what comes under
// TLS.
std::optional<Result<void>> Connecting::TakeAnswer() {
  stage_ = Stage::kAwaitingAnswer;
  char answer = 0;
  ssize_t got = 0;
  do {
    got = recv(fd_.get(), &answer, 1, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::nullopt;
  if (got < 0) return FailErrno(errno);
  if (got == 0) return FailConnect(Errc::kUnavailable, "closed when it was asked for TLS");
  if (answer == options_.tls_request->declined) return Result<void>();
  if (answer != options_.tls_request->accepted) {
    return FailConnect(Errc::kUnavailable, "neither accepted nor declined TLS");
  }
  if (recv(fd_.get(), &answer, 1, MSG_DONTWAIT | MSG_PEEK) > 0) {
    return FailConnect(Errc::kUnavailable, "sent bytes before the TLS handshake");
  }
  return Handshake();
}

std::optional<Result<void>> Connecting::Handshake() {
  stage_ = Stage::kHandshaking;
  if (!tls_) tls_ = options_.tls->NewClientSession(fd_.get(), options_.server_name);
  if (!tls_) return FailConnect(Errc::kUnavailable, "no memory for a TLS session");
  switch (tls_->Handshake()) {
    case TlsSession::Status::kOk: return Result<void>();
    case TlsSession::Status::kWantRead:
    case TlsSession::Status::kWantWrite: return std::nullopt;
    case TlsSession::Status::kEnded:
      return FailConnect(Errc::kUnavailable, "closed during the TLS handshake");
    case TlsSession::Status::kFailed: break;
  }
  return FailConnect(Errc::kUnavailable, "TLS handshake: " + tls_->failure());
}

std::unexpected<Error> Connecting::FailConnect(Errc code, std::string_view why) const {
  const std::string where = options_.unix_path.empty() ? options_.address.ToString() : options_.unix_path;
  return Fail(code, "connect to " + where + ": " + std::string(why));
}

void Connecting::StopWaiting() {
  loop_.timers().Cancel(*this);
  if (std::exchange(watching_, false)) loop_.Unwatch(fd_.get(), *this);
}

void Connecting::Resume(Result<void> outcome) {
  outcome_ = std::move(outcome);
  StopWaiting();
  awaiter_.resume();
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> Connect(Loop& loop, ConnectOptions options) {
  Connecting connecting(loop, options);
  TM_CO_TRY(co_await connecting);
  co_return connecting.TakeStream();
}

Task<Result<std::unique_ptr<Stream>>> ConnectToAny(Loop& loop, std::vector<SocketAddress> addresses,
                                                   MonotonicTime deadline, ConnectOptions options) {
  Result<std::unique_ptr<Stream>> stream = Fail(Errc::kTimeout, "no connection in time");
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Duration left = deadline - loop.clock().Now();
    if (left.ms <= 0) break;
    options.address = addresses[i];
    options.timeout = Milliseconds(left.ms / static_cast<std::int64_t>(addresses.size() - i) + 1);
    stream = co_await Connect(loop, options);
    if (stream) break;
  }
  co_return stream;
}

}  // namespace tidemill::net
