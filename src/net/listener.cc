#include "net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/log.h"
#include "net/proxied_accept.h"
#include "net/socket.h"
#include "net/tls.h"

namespace tidemill::net {
namespace {

constexpr int kAcceptsPerTurn = 128;
// Then a connection is accepted without a byte, and whoever serves it ends it. The kernel counts in
// retransmissions, of which the first two take three seconds.
constexpr int kDeferAcceptSeconds = 3;
constexpr Duration kPauseWhenOutOfResources = Milliseconds(100);
constexpr Duration kLogInterval = Minutes(1);

class SocketListener final : public Listener, public Pollable, public Timer {
 public:
  SocketListener(Loop& loop, ListenerOptions options, StreamAcceptor& acceptor, Fd socket)
      : loop_(loop),
        options_(std::move(options)),
        acceptor_(acceptor),
        socket_(std::move(socket)),
        proxied_(
            loop, [this](Fd accepted, IpAddress client) { Hand(std::move(accepted), client); },
            options_.proxy_headers_refused) {}
  ~SocketListener() override { StopAccepting(); }

  Result<void> Start();

  ListenAddress bound() const override { return bound_; }
  int fd() const override { return socket_.get(); }
  void ReplaceTls(std::shared_ptr<TlsContext> tls) override { options_.tls = std::move(tls); }
  void ReplaceProxyProtocol(std::shared_ptr<const Networks> proxies) override {
    options_.proxy_protocol_from = std::move(proxies);
  }
  void StopAccepting() override;

  void OnReady(std::uint32_t epoll_events) override;
  void OnTimer() override;

 private:
  bool is_unix() const { return !options_.address.unix_path.empty(); }
  Result<void> Watch();
  void Take(Fd accepted, IpAddress peer);
  void Hand(Fd accepted, IpAddress peer);
  void OnOutOfResources(int error);

  Loop& loop_;
  ListenerOptions options_;
  StreamAcceptor& acceptor_;
  Fd socket_;
  Fd reserve_;  // given up to accept, and so refuse, one connection when descriptors run out
  ListenAddress bound_;
  SocketFile unix_file_;
  MonotonicTime next_log_{};
  ProxiedAccept proxied_;
};

Result<void> SocketListener::Start() {
  reserve_ = OpenReserve();
  bound_ = options_.address;
  if (!is_unix()) {
    bound_.tcp = LocalAddress(socket_.get());
  } else if (options_.shared_unix_fd < 0) {
    unix_file_ = SocketFile(options_.address.unix_path);
  }
  return Watch();
}

// Level-triggered: what one turn does not accept is there in the next. A shared Unix socket wakes one loop.
Result<void> SocketListener::Watch() {
  return loop_.Watch(socket_.get(), is_unix() ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN, *this);
}

void SocketListener::StopAccepting() {
  if (!socket_) return;
  loop_.timers().Cancel(*this);
  loop_.Unwatch(socket_.get(), *this);
  unix_file_.Remove();
  socket_.Reset();
}

void SocketListener::OnReady(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn && socket_ && !loop_.ShareSpent(TurnLimits::kAcceptShare); ++i) {
    sockaddr_storage peer{};
    socklen_t peer_bytes = sizeof peer;
    Fd accepted(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &peer_bytes,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) {
      Take(std::move(accepted), FromSockaddr(peer).ip);
      continue;
    }
    switch (errno) {
      case EAGAIN: return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: return OnOutOfResources(errno);
      default: break;  // the error of a connection that is gone already; the next follows
    }
  }
}

void SocketListener::Take(Fd accepted, IpAddress peer) {
  const auto& proxies = options_.proxy_protocol_from;
  if (proxies && proxies->Contains(peer)) return proxied_.Add(std::move(accepted), peer);
  Hand(std::move(accepted), peer);
}

void SocketListener::Hand(Fd accepted, IpAddress peer) {
  std::unique_ptr<TlsSession> tls;
  if (options_.tls) {
    tls = options_.tls->NewServerSession(accepted.get());
    if (!tls) return;
  }
  Admission admission = Admission::kAdmitted;
  if (options_.limiter != nullptr) admission = options_.limiter->Admit(peer);
  acceptor_.OnStream(Stream::Adopt(loop_, accepted.Release(), peer, std::move(tls), options_.limiter),
                     admission);
}

// A connection that waits in the backlog keeps the listener readable for ever. The reserve lets it be closed,
// so that its peer knows; if even that fails, the listener rests for a moment instead of spinning.
void SocketListener::OnOutOfResources(int error) {
  if (loop_.Now() >= next_log_) {
    log::Error("net.accept_failed", {{"address", bound_.ToString()}, {"reason", std::strerror(error)}});
    next_log_ = loop_.Now() + kLogInterval;
  }
  reserve_.Reset();
  const bool refused = Fd(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)).valid();
  reserve_ = OpenReserve();
  if (refused && reserve_) return;
  loop_.Unwatch(socket_.get(), *this);
  loop_.timers().Schedule(*this, loop_.Now() + kPauseWhenOutOfResources);
}

void SocketListener::OnTimer() {
  if (!reserve_) reserve_ = OpenReserve();
  if (!Watch()) loop_.timers().Schedule(*this, loop_.Now() + kPauseWhenOutOfResources);
}

// What may be set once on the listening socket: Linux copies TCP_NODELAY to what it accepts.
void SetTcpOptions(int fd, const ListenerOptions& options) {
  SetNoDelay(fd);
  if (options.defer_accept) SetOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferAcceptSeconds);
}

Result<Fd> OpenSocket(const ListenerOptions& options) {
  if (options.shared_unix_fd >= 0) {
    Fd shared(fcntl(options.shared_unix_fd, F_DUPFD_CLOEXEC, 0));
    if (!shared) return FailListen(options.address, "sharing the socket", errno);
    return shared;
  }
  if (!options.address.unix_path.empty()) return BindUnix(options.address, options.unix_mode);
  if (options.refuse_shared_port) TM_TRY(CheckPortIsFree(options.address));
  TM_TRY_ASSIGN(Fd socket, BindTcp(options.address));
  SetTcpOptions(socket.get(), options);
  return socket;
}

}  // namespace

Result<std::unique_ptr<Listener>> OpenListener(Loop& loop, ListenerOptions options,
                                               StreamAcceptor& acceptor) {
  TM_TRY_ASSIGN(Fd socket, OpenSocket(options));
  if (options.shared_unix_fd < 0 && listen(socket.get(), options.backlog) != 0) {
    return FailListen(options.address, "listen", errno);
  }
  auto listener = std::make_unique<SocketListener>(loop, std::move(options), acceptor, std::move(socket));
  TM_TRY(listener->Start());
  return listener;
}

}  // namespace tidemill::net
