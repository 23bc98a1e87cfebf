#include "redis/topology.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/tls.h"
#include "redis/cluster/cluster_client.h"
#include "redis/cluster/cluster_subscriber.h"
#include "redis/connection/locator.h"
#include "redis/options.h"
#include "redis/sentinel.h"
#include "redis/sharded.h"
#include "redis/single.h"

namespace tidemill::redis {
namespace {

using Tls = std::shared_ptr<net::TlsContext>;

// Expects one name in every certificate, whatever address was connected to.
class NamedTls final : public net::TlsContext {
 public:
  NamedTls(Tls tls, std::string name) : tls_(std::move(tls)), name_(std::move(name)) {}
  std::unique_ptr<net::TlsSession> NewServerSession(int fd) const override {
    return tls_->NewServerSession(fd);
  }
  std::unique_ptr<net::TlsSession> NewClientSession(int fd, const std::string&) const override {
    return tls_->NewClientSession(fd, name_);
  }

 private:
  const Tls tls_;
  const std::string name_;
};

struct Server {
  Endpoint endpoint;
  ConnectionOptions connection;
};

class Servers final : public Topology {
 public:
  Servers(std::vector<Server> servers, std::string prefix)
      : servers_(std::move(servers)), prefix_(std::move(prefix)) {}

  std::unique_ptr<Client> MakeClient(net::Loop& loop, Metrics& metrics) const override {
    std::vector<std::unique_ptr<Client>> clients;
    for (const Server& server : servers_) {
      clients.push_back(MakeSingleClient(loop, MakeFixedLocator(server.endpoint),
                                         {server.connection, prefix_ + ".incarnation"}, metrics));
    }
    return clients.size() == 1 ? std::move(clients[0]) : MakeShardedClient(std::move(clients));
  }

  std::unique_ptr<Subscriber> MakeSubscriber(net::Loop& loop, SubscriberEvents& events,
                                             Metrics& metrics) const override {
    std::vector<std::unique_ptr<Subscriber>> subscribers;
    for (const Server& server : servers_) {
      subscribers.push_back(
          MakeSingleSubscriber(loop, MakeFixedLocator(server.endpoint), server.connection, events, metrics));
    }
    return subscribers.size() == 1 ? std::move(subscribers[0])
                                   : MakeShardedSubscriber(std::move(subscribers));
  }

  Task<std::vector<Inspection>> Inspect(net::Loop& loop, Metrics& metrics) const override {
    std::vector<Inspection> found;
    for (const Server& server : servers_) {
      found.push_back(co_await InspectServer(loop, server.endpoint, server.connection, metrics));
    }
    co_return found;
  }

  bool sharded_pub_sub() const override { return false; }

 private:
  const std::vector<Server> servers_;
  const std::string prefix_;
};

class WatchedBySentinel final : public Topology {
 public:
  WatchedBySentinel(SentinelOptions sentinel, ConnectionOptions connection, std::string prefix)
      : sentinel_(std::move(sentinel)), connection_(std::move(connection)), prefix_(std::move(prefix)) {}

  std::unique_ptr<Client> MakeClient(net::Loop& loop, Metrics& metrics) const override {
    return MakeSingleClient(loop, MakeSentinelLocator(loop, sentinel_, metrics),
                            {connection_, prefix_ + ".incarnation"}, metrics);
  }
  std::unique_ptr<Subscriber> MakeSubscriber(net::Loop& loop, SubscriberEvents& events,
                                             Metrics& metrics) const override {
    return MakeSingleSubscriber(loop, MakeSentinelLocator(loop, sentinel_, metrics), connection_, events,
                                metrics);
  }
  Task<std::vector<Inspection>> Inspect(net::Loop& loop, Metrics& metrics) const override {
    std::vector<Inspection> found;
    std::set<std::string> primaries;
    for (const Endpoint& sentinel : sentinel_.sentinels) {
      found.push_back(
          co_await InspectSentinel(loop, sentinel, sentinel_.master_name, sentinel_.connection, metrics));
      if (!found.back().primary.empty()) primaries.insert(found.back().primary);
    }
    for (const std::string& primary : primaries) {
      const Result<Address> address = Address::Parse(primary);
      if (address) found.push_back(co_await InspectServer(loop, address->endpoint, connection_, metrics));
    }
    co_return found;
  }

  bool sharded_pub_sub() const override { return false; }

 private:
  const SentinelOptions sentinel_;
  const ConnectionOptions connection_;
  const std::string prefix_;
};

class Cluster final : public Topology {
 public:
  explicit Cluster(ClusterOptions options) : options_(std::move(options)) {}

  std::unique_ptr<Client> MakeClient(net::Loop& loop, Metrics& metrics) const override {
    return MakeClusterClient(loop, options_, metrics);
  }
  std::unique_ptr<Subscriber> MakeSubscriber(net::Loop& loop, SubscriberEvents& events,
                                             Metrics& metrics) const override {
    return MakeClusterSubscriber(loop, options_, events, metrics);
  }
  Task<std::vector<Inspection>> Inspect(net::Loop& loop, Metrics& metrics) const override {
    std::vector<Inspection> found;
    for (const Endpoint& seed : options_.seeds) {
      found.push_back(co_await InspectServer(loop, seed, options_.connection, metrics));
    }
    co_return found;
  }

  bool sharded_pub_sub() const override { return options_.pub_sub == PubSub::kSharded; }

 private:
  const ClusterOptions options_;
};

Result<std::vector<Address>> ParseAll(const char* key, const std::vector<config::StoreAddress>& texts) {
  std::vector<Address> addresses;
  for (const config::StoreAddress& text : texts) {
    auto address = Address::Parse(text.text);
    if (!address) return Fail(Errc::kInvalidArgument, std::string(key) + ": " + address.error().detail);
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

std::vector<Endpoint> EndpointsOf(const std::vector<Address>& addresses) {
  std::vector<Endpoint> endpoints;
  for (const Address& address : addresses) endpoints.push_back(address.endpoint);
  return endpoints;
}

// What the first address that has any says, or `otherwise`.
Credentials CredentialsOf(const std::vector<Address>& addresses, Credentials otherwise) {
  const auto said =
      std::ranges::find_if(addresses, [](const Address& a) { return a.credentials != Credentials{}; });
  return said == addresses.end() ? std::move(otherwise) : said->credentials;
}

bool AnyTls(const std::vector<Address>& addresses) {
  return std::ranges::any_of(addresses, [](const Address& address) { return address.tls; });
}

class Opener {
 public:
  explicit Opener(const redis::RedisSettings& settings) : settings_(settings) {}

  Result<std::unique_ptr<const Topology>> Open() {
    TM_TRY_ASSIGN(const std::vector<Address> servers, ParseAll("broker.redis.address", settings_.address));
    TM_TRY_ASSIGN(const std::vector<Address> nodes,
                  ParseAll("broker.redis.cluster_address", settings_.cluster_address));
    TM_TRY_ASSIGN(const std::vector<Address> sentinels,
                  ParseAll("broker.redis.sentinel_address", settings_.sentinel_address));
    if (settings_.tls_enabled || AnyTls(servers) || AnyTls(nodes) || AnyTls(sentinels)) {
      TM_TRY_ASSIGN(tls_, OpenTls());
    }
    if (!servers.empty()) return OpenServers(servers);
    if (!nodes.empty()) return OpenCluster(nodes);
    if (!sentinels.empty()) return OpenSentinel(sentinels);
    return Fail(Errc::kInvalidArgument, "broker.redis.address: not given");
  }

 private:
  Result<Tls> OpenTls() const {
    auto tls = net::OpenClientTls(settings_.tls_ca_file);
    if (!tls) return Fail(tls.error().code, "broker.redis.tls.server_ca_pem: " + tls.error().detail);
    if (settings_.tls_server_name.empty()) return tls;
    return std::make_shared<NamedTls>(*std::move(tls), settings_.tls_server_name);
  }

  ConnectionOptions Connection() const {
    return {.credentials = {settings_.user, settings_.password.value},
            .db = settings_.db,
            .client_name = settings_.client_name,
            .tls = settings_.tls_enabled ? tls_ : nullptr,
            .connect_timeout = settings_.connect_timeout,
            .io_timeout = settings_.io_timeout};
  }

  std::unique_ptr<const Topology> OpenServers(const std::vector<Address>& addresses) const {
    std::vector<Server> servers;
    for (const Address& address : addresses) {
      ConnectionOptions connection = Connection();
      connection.credentials = CredentialsOf({address}, connection.credentials);
      if (address.has_db) connection.db = address.db;
      if (address.tls) connection.tls = tls_;
      if (!address.endpoint.unix_path.empty()) connection.tls = nullptr;
      servers.push_back({address.endpoint, std::move(connection)});
    }
    return std::make_unique<Servers>(std::move(servers), settings_.prefix);
  }

  std::unique_ptr<const Topology> OpenCluster(const std::vector<Address>& addresses) const {
    ClusterOptions options{.seeds = EndpointsOf(addresses),
                           .connection = Connection(),
                           .prefix = settings_.prefix,
                           .pub_sub = settings_.sharded_pub_sub ? PubSub::kSharded : PubSub::kPlain};
    options.connection.credentials = CredentialsOf(addresses, options.connection.credentials);
    if (AnyTls(addresses)) options.connection.tls = tls_;
    return std::make_unique<Cluster>(std::move(options));
  }

  std::unique_ptr<const Topology> OpenSentinel(const std::vector<Address>& addresses) const {
    SentinelOptions sentinel{.sentinels = EndpointsOf(addresses),
                             .master_name = settings_.sentinel_master_name,
                             .connection = Connection()};
    sentinel.connection.credentials =
        CredentialsOf(addresses, {settings_.sentinel_user, settings_.sentinel_password.value});
    if (AnyTls(addresses)) sentinel.connection.tls = tls_;
    return std::make_unique<WatchedBySentinel>(std::move(sentinel), Connection(), settings_.prefix);
  }

  const redis::RedisSettings& settings_;
  Tls tls_;
};

}  // namespace

Result<std::unique_ptr<const Topology>> OpenTopology(const redis::RedisSettings& settings) {
  return Opener(settings).Open();
}

}  // namespace tidemill::redis
