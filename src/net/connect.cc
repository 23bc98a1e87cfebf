#include "net/connect.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <coroutine>
#include <cstring>
#include <optional>
#include <utility>

#include "net/socket.h"
#include "net/tls.h"

namespace tidemill::net {
namespace {

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
  // The next step, if there is one to take now; nullopt: wait on.
  std::optional<Result<void>> Step();
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
  if (!tls_) {
    int error = 0;
    socklen_t bytes = sizeof error;
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes);
    if (error != 0) return FailErrno(error);
    sockaddr_storage peer{};
    socklen_t peer_bytes = sizeof peer;
    // An edge that came before the connection did.
    if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_bytes) != 0) return std::nullopt;
    if (!options_.tls) return Result<void>();
    tls_ = options_.tls->NewClientSession(fd_.get(), options_.server_name);
    if (!tls_) return FailConnect(Errc::kUnavailable, "no memory for a TLS session");
  }
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
