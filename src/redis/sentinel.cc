#include "redis/sentinel.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/backoff.h"
#include "net/task_scope.h"
#include "redis/connection/brief_connection.h"

namespace tidemill::redis {
namespace {

constexpr std::string_view kSwitched = "+switch-master";
constexpr std::size_t kSentinelsMax = 32;

std::optional<Endpoint> EndpointOf(const std::string& host, const std::string& port) {
  Endpoint endpoint{.host = host};
  const auto read = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (host.empty() || read.ec != std::errc{} || read.ptr != port.data() + port.size()) return std::nullopt;
  return endpoint;
}

// From one sentinel as SENTINEL SENTINELS describes it: a flat list of names and values.
std::optional<Endpoint> DescribedEndpoint(const Reply& description) {
  std::string ip;
  std::string port;
  for (std::size_t i = 0; i + 1 < description.elements.size(); i += 2) {
    if (description.elements[i].text == "ip") ip = description.elements[i + 1].text;
    if (description.elements[i].text == "port") port = description.elements[i + 1].text;
  }
  return EndpointOf(ip, port);
}

class SentinelLocator final : public Locator {
 public:
  SentinelLocator(net::Loop& loop, SentinelOptions options, Metrics& metrics)
      : loop_(loop), options_(std::move(options)), metrics_(metrics), sentinels_(options_.sentinels) {
    TM_ASSERT(!sentinels_.empty());
    options_.connection.db = 0;
  }

  Task<Result<Endpoint>> Locate() override {
    std::string why;
    const std::vector<Endpoint> asked = sentinels_;
    for (const Endpoint& sentinel : asked) {
      const MonotonicTime deadline = loop_.clock().Now() + options_.connection.connect_timeout;
      auto primary = co_await net::Until(loop_, deadline, Ask(sentinel));
      if (primary) {
        Prefer(sentinel);
        located_ = *primary;
        co_return primary;
      }
      why += (why.empty() ? "" : "; ") + sentinel.ToString() + ": " + primary.error().detail;
    }
    co_return Fail(Errc::kUnavailable, "no sentinel knows the primary: " + why);
  }

  void SetOnMoved(std::function<void()> on_moved) override {
    on_moved_ = std::move(on_moved);
    if (on_moved_ && watch_.running() == 0) watch_.Spawn(Watch());
  }

 private:
  Task<Result<Endpoint>> Ask(Endpoint sentinel) {
    TM_CO_TRY_ASSIGN(auto opened, co_await Connection::Open(loop_, sentinel, options_.connection, metrics_));
    const BriefConnection connection(loop_, std::move(opened));
    TM_CO_TRY_ASSIGN(const Reply address, co_await connection->Send(
                                              {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.master_name}));
    if (address.is_error()) co_return Fail(Errc::kUnavailable, address.text);
    if (address.elements.size() != 2) {
      co_return Fail(Errc::kUnavailable, "does not know \"" + options_.master_name + "\"");
    }
    const std::optional<Endpoint> primary = EndpointOf(address.elements[0].text, address.elements[1].text);
    if (!primary) co_return Fail(Errc::kUnavailable, "names no address: " + redis::ToString(address));
    auto others = co_await connection->Send({"SENTINEL", "SENTINELS", options_.master_name});
    if (others && others->is_array()) Learn(*others);
    co_return *primary;
  }

  void Learn(const Reply& others) {
    for (const Reply& description : others.elements) {
      const std::optional<Endpoint> sentinel = DescribedEndpoint(description);
      if (!sentinel || sentinels_.size() >= kSentinelsMax) continue;
      if (std::ranges::find(sentinels_, *sentinel) == sentinels_.end()) sentinels_.push_back(*sentinel);
    }
  }

  void Prefer(const Endpoint& sentinel) {
    const auto found = std::ranges::find(sentinels_, sentinel);
    if (found != sentinels_.end()) std::rotate(sentinels_.begin(), found, found + 1);
  }

  // Keeps a subscription until the locator's end; each time with another sentinel than before.
  Task<void> Watch() {
    net::Backoff backoff(options_.connection.reconnect_delay_min, options_.connection.reconnect_delay_max);
    for (std::size_t next = 0;; ++next) {
      const Endpoint sentinel = sentinels_[next % sentinels_.size()];
      auto opened = co_await Connection::Open(loop_, sentinel, options_.connection, metrics_);
      if (opened) {
        const BriefConnection connection(loop_, *std::move(opened));
        net::Reply<std::string> ended(loop_);
        connection->SetOnClosed([sender = ended.sender()](std::string why) { sender.Send(std::move(why)); });
        connection->SetOnPush([this, &backoff](const Reply& push) {
          backoff.Reset();
          OnPush(push);
        });
        (void)connection->Write({"SUBSCRIBE", kSwitched});
        const std::string why = co_await ended;
        log::Info("redis.sentinel_lost", {{"sentinel", sentinel.ToString()}, {"why", why}});
      }
      co_await net::Sleep(loop_, backoff.Next());
    }
  }

  void OnPush(const Reply& push) {
    if (push.is_error()) log::Warn("redis.sentinel_refused", {{"why", push.text}});
    if (push.elements.size() != 3) return;
    if (push.elements[0].text == "subscribe") {
      // The primary may have moved before the subscription.
      if (checks_.running() == 0) checks_.Spawn(Compare());
      return;
    }
    // "<name> <old ip> <old port> <new ip> <new port>"
    if (push.elements[0].text == "message" && push.elements[2].text.starts_with(options_.master_name + " ")) {
      Tell();
    }
  }

  Task<void> Compare() {
    const std::optional<Endpoint> before = located_;
    const auto now = co_await Locate();
    if (now && before && *now != *before) Tell();
  }

  void Tell() {
    log::Info("redis.primary_moved", {{"name", options_.master_name}});
    if (on_moved_) on_moved_();
  }

  net::Loop& loop_;
  SentinelOptions options_;
  Metrics& metrics_;
  std::vector<Endpoint> sentinels_;  // in the order of asking
  std::optional<Endpoint> located_;  // the last answer
  std::function<void()> on_moved_;
  TaskScope checks_;
  TaskScope watch_;  // these last: their tasks refer to all above
};

}  // namespace

std::unique_ptr<Locator> MakeSentinelLocator(net::Loop& loop, SentinelOptions options, Metrics& metrics) {
  return std::make_unique<SentinelLocator>(loop, std::move(options), metrics);
}

}  // namespace tidemill::redis
