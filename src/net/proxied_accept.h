// ProxiedAccept: connections of proxies whose PROXY header (proxy_protocol.h) is still to come. They are
// handed on with the address that the header names, before anything behind it is read.
//
// A header may take 5 seconds, and 1024 connections may wait for theirs; what is refused is closed and told
// in the log at most once a minute (net.proxy_header_refused), and counted. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "metrics/metrics.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidemill::net {

class ProxiedConnection;

class ProxiedAccept {
 public:
  static constexpr std::size_t kWaitingMax = 1024;
  static constexpr Duration kPatience = Seconds(5);

  using Hand = std::function<void(Fd accepted, IpAddress client)>;

  // `refused` counts what is refused; null: nobody does.
  ProxiedAccept(Loop& loop, Hand hand, metrics::Counter* refused)
      : loop_(loop), hand_(std::move(hand)), refused_(refused) {}
  ~ProxiedAccept();
  ProxiedAccept(const ProxiedAccept&) = delete;
  ProxiedAccept& operator=(const ProxiedAccept&) = delete;

  // `proxy` stands for the client where the header names none. Hands it on at once if its header is there.
  void Add(Fd accepted, IpAddress proxy);
  std::size_t waiting() const { return waiting_; }

 private:
  friend class ProxiedConnection;

  void Refuse(const IpAddress& proxy, std::string_view why);

  Loop& loop_;
  const Hand hand_;
  metrics::Counter* const refused_;
  IntrusiveList<ProxiedConnection> connections_;
  std::size_t waiting_ = 0;
  MonotonicTime next_log_{};
};

}  // namespace tidemill::net
