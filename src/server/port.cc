#include "server/port.h"

#include <utility>

namespace tidemill::server {

Result<std::vector<Listening>> ParseAddresses(const std::vector<std::string>& texts) {
  std::vector<Listening> addresses;
  for (const std::string& text : texts) {
    TM_TRY_ASSIGN(net::ListenAddress address, net::ListenAddress::Parse(text));
    addresses.push_back({.address = std::move(address)});
  }
  return addresses;
}

Port::Port(std::string name, net::StreamAcceptor& acceptor, PortOptions options)
    : name_(std::move(name)), acceptor_(&acceptor), options_(std::move(options)) {}

Result<std::vector<Listening>> Port::Open(net::Loop& loop, const std::vector<Listening>& addresses,
                                          std::shared_ptr<net::TlsContext> tls,
                                          net::ConnectionLimiter& limiter) {
  std::vector<Listening> bound;
  for (const Listening& listening : addresses) {
    const bool is_unix = !listening.address.unix_path.empty();
    net::ListenerOptions options{.address = listening.address,
                                 .defer_accept = !options_.server_speaks_first,
                                 .tls = is_unix || options_.plain ? nullptr : tls,
                                 // The other loops share the port with the first; nobody else does.
                                 .refuse_shared_port = loop.index() == 0,
                                 .proxy_protocol_from = options_.proxy_protocol_from,
                                 .proxy_headers_refused = options_.proxy_headers_refused,
                                 .shared_unix_fd = listening.shared_unix_fd,
                                 .limiter = &limiter};
    TM_TRY_ASSIGN(auto listener, net::OpenListener(loop, std::move(options), *acceptor_));
    bound.push_back({listener->bound(), is_unix ? listener->fd() : -1});
    listeners_.push_back(std::move(listener));
  }
  return bound;
}

void Port::ReplaceTls(const std::shared_ptr<net::TlsContext>& tls) {
  if (options_.plain) return;
  for (const auto& listener : listeners_) {
    if (listener->bound().unix_path.empty()) listener->ReplaceTls(tls);
  }
}

void Port::ReplaceProxyProtocol(const std::shared_ptr<const net::Networks>& proxies) {
  for (const auto& listener : listeners_) listener->ReplaceProxyProtocol(proxies);
}

void Port::Drain() {
  if (options_.open_while_draining) return;
  for (const auto& listener : listeners_) listener->StopAccepting();
}

}  // namespace tidemill::server
