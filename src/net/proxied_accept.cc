#include "net/proxied_accept.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/proxy_protocol.h"

namespace tidemill::net {
namespace {

constexpr Duration kLogInterval = Minutes(1);

// Takes the header off the socket, and nothing behind it. nullopt: not all of it is there.
Result<std::optional<ProxyHeader>> TakeHeader(int fd) {
  char bytes[kProxyHeaderBytesMax];
  const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::optional<ProxyHeader>();
  if (got <= 0) return Fail(Errc::kUnavailable, "closed before its PROXY header was there");
  auto header = ParseProxyHeader({bytes, static_cast<std::size_t>(got)});
  if (!header || !*header) return header;
  const ssize_t taken = recv(fd, bytes, (*header)->bytes, MSG_DONTWAIT);
  if (taken != static_cast<ssize_t>((*header)->bytes))
    return Fail(Errc::kInternal, "the PROXY header has gone");
  return header;
}

}  // namespace

class ProxiedConnection final : public Pollable,
                                public Timer,
                                public Retirable,
                                public ListLink<ProxiedConnection> {
 public:
  ProxiedConnection(ProxiedAccept& owner, Fd socket, IpAddress proxy)
      : owner_(owner), loop_(owner.loop_), socket_(std::move(socket)), proxy_(proxy) {
    owner_.connections_.PushFront(*this);
    ++owner_.waiting_;
    loop_.timers().Schedule(*this, loop_.Now() + ProxiedAccept::kPatience);
    if (!loop_.Watch(socket_.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, *this)) {
      loop_.timers().Schedule(*this, loop_.Now());
    }
  }
  ~ProxiedConnection() override { Leave(); }

  void OnReady(std::uint32_t) override {
    const auto header = TakeHeader(socket_.get());
    if (header && !*header) return;
    Leave();
    if (header) {
      owner_.hand_(std::move(socket_), (*header)->client.value_or(proxy_));
    } else {
      owner_.Refuse(proxy_, header.error().detail);
    }
    Go();
  }

  void OnTimer() override {
    Leave();
    owner_.Refuse(proxy_, "its PROXY header did not come in time");
    Go();
  }

 private:
  void Leave() {
    if (std::exchange(left_, true)) return;
    loop_.timers().Cancel(*this);
    loop_.Unwatch(socket_.get(), *this);
    IntrusiveList<ProxiedConnection>::Remove(*this);
    --owner_.waiting_;
  }
  void Go() { loop_.Retire(std::unique_ptr<Retirable>(this)); }

  ProxiedAccept& owner_;
  Loop& loop_;
  Fd socket_;
  const IpAddress proxy_;
  bool left_ = false;
};

ProxiedAccept::~ProxiedAccept() {
  while (ProxiedConnection* const connection = connections_.front()) delete connection;
}

void ProxiedAccept::Add(Fd accepted, IpAddress proxy) {
  const auto header = TakeHeader(accepted.get());
  if (!header) return Refuse(proxy, header.error().detail);
  if (*header) return hand_(std::move(accepted), (*header)->client.value_or(proxy));
  if (waiting_ >= kWaitingMax) return Refuse(proxy, "too many wait for their PROXY header");
  new ProxiedConnection(*this, std::move(accepted), proxy);  // in the list, which owns it
}

void ProxiedAccept::Refuse(const IpAddress& proxy, std::string_view why) {
  if (refused_ != nullptr) refused_->Add();
  if (loop_.Now() < next_log_) return;
  next_log_ = loop_.Now() + kLogInterval;
  log::Warn("net.proxy_header_refused",
            {{"proxy", proxy.ToString()}, {"why", why}, {"setting", "http_server.proxy_protocol"}});
}

}  // namespace tidemill::net
