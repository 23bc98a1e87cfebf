#include "cli/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tidemill::cli {
namespace {

std::unexpected<Error> Unavailable(std::string_view what, std::string_view why) {
  return Fail(Errc::kUnavailable, fmt::format("{}: {}", what, why));
}

// A connected, non-blocking socket, and how to wait for it.
class Socket {
 public:
  Socket(int fd, int cancel_fd) : fd_(fd), cancel_fd_(cancel_fd) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  Result<void> Wait(short events, MonotonicTime deadline) const {
    while (true) {
      const Duration left = deadline - SystemClock().Now();
      pollfd polled[2] = {{fd_, events, 0}, {cancel_fd_, POLLIN, 0}};
      const int ready = poll(polled, 2, static_cast<int>(std::clamp<std::int64_t>(left.ms, 0, 3'600'000)));
      if (ready < 0 && errno == EINTR) continue;
      if (polled[1].revents != 0) return Fail(Errc::kCancelled, "interrupted");
      if (polled[0].revents != 0) return {};
      if (left <= Duration{}) return Fail(Errc::kTimeout, "no answer in time");
    }
  }

 private:
  const int fd_;
  const int cancel_fd_;
};

class PlainConnection final : public Connection {
 public:
  explicit PlainConnection(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

  Result<std::size_t> Read(std::span<char> into, Duration wait) override {
    const MonotonicTime deadline = SystemClock().Now() + wait;
    while (true) {
      const ssize_t got = recv(socket_->fd(), into.data(), into.size(), 0);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0) return Fail(Errc::kClosed, "the server closed the connection");
      if (errno != EAGAIN && errno != EINTR) return Fail(Errc::kClosed, std::strerror(errno));
      TM_TRY(socket_->Wait(POLLIN, deadline));
    }
  }

  Result<void> Write(std::string_view bytes, Duration wait) override {
    const MonotonicTime deadline = SystemClock().Now() + wait;
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN && errno != EINTR) {
        return Fail(Errc::kClosed, std::strerror(errno));
      } else {
        TM_TRY(socket_->Wait(POLLOUT, deadline));
      }
    }
    return {};
  }

 private:
  std::unique_ptr<Socket> socket_;
};

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

std::string TlsError(const SSL* ssl) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? "the TLS connection broke" : reason;
}

class TlsConnection final : public Connection {
 public:
  TlsConnection(std::unique_ptr<Socket> socket, SslContext context, Ssl ssl)
      : socket_(std::move(socket)), context_(std::move(context)), ssl_(std::move(ssl)) {}

  Result<void> Handshake(MonotonicTime deadline) {
    return Repeat(deadline, [this] { return SSL_connect(ssl_.get()); });
  }

  Result<std::size_t> Read(std::span<char> into, Duration wait) override {
    std::size_t got = 0;
    TM_TRY(Repeat(SystemClock().Now() + wait,
                  [&] { return SSL_read_ex(ssl_.get(), into.data(), into.size(), &got); }));
    return got;
  }

  Result<void> Write(std::string_view bytes, Duration wait) override {
    std::size_t sent = 0;
    if (bytes.empty()) return {};
    return Repeat(SystemClock().Now() + wait,
                  [&] { return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent); });
  }

 private:
  template <class Operation>
  Result<void> Repeat(MonotonicTime deadline, Operation operation) {
    while (true) {
      ERR_clear_error();
      const int result = operation();
      if (result == 1) return {};
      switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: TM_TRY(socket_->Wait(POLLIN, deadline)); break;
        case SSL_ERROR_WANT_WRITE: TM_TRY(socket_->Wait(POLLOUT, deadline)); break;
        case SSL_ERROR_ZERO_RETURN: return Fail(Errc::kClosed, "the server closed the connection");
        default: return Fail(Errc::kClosed, TlsError(ssl_.get()));
      }
    }
  }

  std::unique_ptr<Socket> socket_;
  SslContext context_;
  Ssl ssl_;
};

Result<std::unique_ptr<Socket>> ConnectTo(const addrinfo& address, int cancel_fd, MonotonicTime deadline) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(Errc::kUnavailable, std::strerror(errno));
  auto connected = std::make_unique<Socket>(fd, cancel_fd);
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return connected;
  if (errno != EINPROGRESS) return Fail(Errc::kUnavailable, std::strerror(errno));
  TM_TRY(connected->Wait(POLLOUT, deadline));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Fail(Errc::kUnavailable, std::strerror(error));
  return connected;
}

Result<std::unique_ptr<Socket>> ConnectAny(const Endpoint& endpoint, int cancel_fd, MonotonicTime deadline) {
  const addrinfo hints{.ai_flags = AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  const std::string name = endpoint.HostHeader();
  if (const int error =
          getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
      error != 0) {
    return Unavailable(name, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, freeaddrinfo);
  Error last{Errc::kUnavailable, "no address"};
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    Result<std::unique_ptr<Socket>> connected = ConnectTo(*address, cancel_fd, deadline);
    if (connected) return connected;
    last = connected.error();
    if (last.code == Errc::kCancelled) break;
  }
  return Fail(last.code, fmt::format("{}: {}", name, last.detail));
}

Result<std::unique_ptr<Connection>> StartTls(std::unique_ptr<Socket> socket, const Endpoint& endpoint,
                                             MonotonicTime deadline) {
  SslContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_default_verify_paths(context.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY);
  Ssl ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket->fd());
  X509_VERIFY_PARAM* checked = SSL_get0_param(ssl.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(checked, endpoint.host.c_str()) != 1) {
    SSL_set1_host(ssl.get(), endpoint.host.c_str());
    SSL_set_tlsext_host_name(ssl.get(), endpoint.host.c_str());
  }
  auto connection = std::make_unique<TlsConnection>(std::move(socket), std::move(context), std::move(ssl));
  if (const Result<void> done = connection->Handshake(deadline); !done) {
    return Fail(done.error().code == Errc::kClosed ? Errc::kUnavailable : done.error().code,
                fmt::format("{}: TLS: {}", endpoint.HostHeader(), done.error().detail));
  }
  return connection;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const Endpoint& endpoint, ConnectOptions options) {
  const MonotonicTime deadline = SystemClock().Now() + options.timeout;
  TM_TRY_ASSIGN(std::unique_ptr<Socket> socket, ConnectAny(endpoint, options.cancel_fd, deadline));
  if (endpoint.tls) return StartTls(std::move(socket), endpoint, deadline);
  return std::make_unique<PlainConnection>(std::move(socket));
}

}  // namespace tidemill::cli
