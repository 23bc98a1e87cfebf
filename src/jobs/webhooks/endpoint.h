// Endpoint: takes the jobs of one queue to one URL.
//
// It asks the engine for as many jobs as may be under way, sends each in a request of its own and tells the
// engine what became of it. What its endpoint does (hangs, sends without end, answers 410) concerns its own
// queue alone: connections, waiting and pauses are not shared. It holds at most `concurrency` jobs.
//
// Loop thread only: the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "http/breaker.h"
#include "http/client_pool.h"
#include "jobs/engine/changes.h"
#include "jobs/engine/engine.h"
#include "jobs/webhooks/metrics.h"
#include "jobs/webhooks/options.h"
#include "jobs/webhooks/request.h"
#include "jobs/webhooks/verdict.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::webhooks {

enum class EndpointState : std::uint8_t {
  kWorking,
  kSlowedDown,  // it asked for a pause
  kFailing,     // the breaker is open or half open
  kGone,        // it answered 410: nothing is sent until it is enabled or configured anew
};
std::string_view Name(EndpointState state);  // "working", "slowed_down", "failing", "gone"

struct EndpointView {
  std::string queue;
  std::string url;  // as ShownUrl
  EndpointState state = EndpointState::kWorking;
  std::string problem;               // the last failure's message; empty: none since it last answered well
  std::optional<Duration> retry_in;  // kSlowedDown, kFailing
  std::uint32_t failures = 0;        // in a row
  std::size_t sending = 0;
  std::size_t finishing_later = 0;
};

class Endpoint final : public net::Retirable, private jobs::FetchRequest, private net::Pollable, net::Timer {
 public:
  struct Surroundings {
    net::Loop& loop;
    jobs::Engine& engine;
    std::shared_ptr<net::TlsContext> tls;
    Metrics& metrics;
    std::string wid;
  };
  Endpoint(const Surroundings& surroundings, EndpointOptions options);
  ~Endpoint() override;

  // Asks for jobs, once the engine knows the worker; and no more. What is under way goes on.
  void Start();
  void Stop();
  // Stops, and gives every job back that is being sent.
  void GiveAllBack();
  void Enable();

  void OnChange(const jobs::JobChange& change);
  // Now and then: ends what was cancelled, and forgets what is somebody else's by now.
  void LookAgain();

  const EndpointOptions& options() const { return options_; }
  EndpointView view() const;
  std::size_t under_way() const { return arrived_.size() + sending_.size() + later_.size(); }

 private:
  struct Sending;

  void OnJob(const jobs::Reserved& job) override;
  void OnReady(std::uint32_t) override;
  void OnTimer() override { Ask(); }
  void OnRetire() override { Stop(); }

  void Ask();
  bool Refuses();
  void StopAskingIfItRefuses();
  // Whether it may ask for another job now; if not, it will see to it that it asks when it may.
  bool MayAsk();
  void AskAgainIn(Duration delay);
  void Send(Delivery delivery);
  static Task<void> Deliver(Endpoint& endpoint, Sending& sending);
  void End(Sending& sending);

  void Settle(Sending& sending, Verdict verdict);
  void Settle(const Delivery& delivery, const Done& done);
  void Settle(const Delivery& delivery, const Later& later);
  void Settle(const Delivery& delivery, const Gone& gone);
  void Settle(const Delivery& delivery, const SlowDown& slow_down);
  void Settle(const Delivery& delivery, const Failed& failed);
  void Worked();
  bool IsGivenBackTooOften(const std::string& jid);
  void EndCancelled();

  net::Loop& loop_;
  jobs::Engine& engine_;
  EndpointMetrics metrics_;
  const EndpointOptions options_;
  const std::string wid_;
  const std::string shown_url_;
  const std::shared_ptr<http::ClientPool> pool_;

  bool runs_ = false;
  bool asking_ = false;
  bool gone_ = false;
  MonotonicTime paused_until_{};
  http::Breaker breaker_;
  std::string problem_;
  std::unordered_map<std::string, int> given_back_;  // by jid: how often since it was last settled

  std::deque<Delivery> arrived_;              // from within the engine; sent in the next turn
  std::set<std::string, std::less<>> later_;  // what the endpoint finishes over the HTTP API
  std::map<std::string, std::unique_ptr<Sending>> sending_;
};

}  // namespace tidemill::webhooks
