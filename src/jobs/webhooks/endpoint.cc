#include "jobs/webhooks/endpoint.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.h"

namespace tidemill::webhooks {
namespace {

// Shorter than servers keep an idle connection (Node: 5 s).
constexpr Duration kIdleTimeout = Seconds(4);
constexpr Duration kEngineRetry = Seconds(1);
// A job whose answer is a pause each time would hold its queue up for ever.
constexpr int kGivenBackMax = 20;
constexpr std::size_t kGivenBackKept = 1000;

std::unique_ptr<http::ClientPool> MakePool(net::Loop& loop, std::shared_ptr<net::TlsContext> tls,
                                           std::uint32_t concurrency) {
  return http::ClientPool::Make(loop, {.tls = std::move(tls),
                                       .connections_per_origin_max = concurrency,
                                       .waiting_per_origin_max = concurrency,
                                       .idle_max = concurrency,
                                       .idle_timeout = kIdleTimeout});
}

}  // namespace

std::string_view Name(EndpointState state) {
  switch (state) {
    case EndpointState::kWorking: return "working";
    case EndpointState::kSlowedDown: return "slowed_down";
    case EndpointState::kFailing: return "failing";
    case EndpointState::kGone: return "gone";
  }
  return "";
}

// A job that is being sent; its scope's one task sends it. It may outlive the endpoint by some turns, with
// its request, and so it holds the connections; what is answered then counts no more.
struct Endpoint::Sending final : net::Retirable {
  Sending(Delivery what, std::shared_ptr<http::ClientPool> over)
      : delivery(std::move(what)), pool(std::move(over)) {}
  void OnRetire() override { is_over = true; }

  Delivery delivery;
  const std::shared_ptr<http::ClientPool> pool;
  MonotonicTime began{};
  bool is_over = false;
  TaskScope scope;
};

Endpoint::Endpoint(const Surroundings& surroundings, EndpointOptions options)
    : loop_(surroundings.loop),
      engine_(surroundings.engine),
      metrics_(surroundings.metrics.Of(options.queue)),
      options_(std::move(options)),
      wid_(surroundings.wid),
      shown_url_(ShownUrl(options_.url)),
      pool_(MakePool(loop_, surroundings.tls, options_.concurrency)),
      breaker_(options_.breaker) {}

Endpoint::~Endpoint() { Stop(); }

void Endpoint::Start() {
  runs_ = true;
  Ask();
}

void Endpoint::Stop() {
  runs_ = false;
  if (std::exchange(asking_, false)) engine_.CancelFetch(*this);
  loop_.timers().Cancel(*this);
  loop_.Disarm(*this);
}

void Endpoint::GiveAllBack() {
  Stop();
  for (const Delivery& delivery : std::exchange(arrived_, {})) (void)engine_.GiveBack(delivery.jid);
  for (auto& [jid, sending] : std::exchange(sending_, {})) {
    loop_.Retire(std::move(sending));
    (void)engine_.GiveBack(jid);
  }
}

void Endpoint::Enable() {
  gone_ = false;
  paused_until_ = {};
  problem_.clear();
  breaker_.Reset();
  metrics_.SetRefusing(false);
  Ask();
}

EndpointView Endpoint::view() const {
  EndpointView view{.queue = options_.queue,
                    .url = shown_url_,
                    .problem = problem_,
                    .failures = breaker_.failures(),
                    .sending = arrived_.size() + sending_.size(),
                    .finishing_later = later_.size()};
  const MonotonicTime now = loop_.Now();
  if (gone_) {
    view.state = EndpointState::kGone;
  } else if (breaker_.state() != http::Breaker::State::kClosed) {
    view.state = EndpointState::kFailing;
    view.retry_in = std::max(breaker_.open_until() - now, Duration{});
  } else if (now < paused_until_) {
    view.state = EndpointState::kSlowedDown;
    view.retry_in = paused_until_ - now;
  }
  return view;
}

// Whether nothing may be sent now, whatever there is.
bool Endpoint::Refuses() {
  const MonotonicTime now = loop_.clock().Now();
  return gone_ || now < paused_until_ || breaker_.Admits(now, options_.concurrency) == 0;
}

// Before a job goes back: it would come here again at once.
void Endpoint::StopAskingIfItRefuses() {
  if (asking_ && Refuses()) {
    asking_ = false;
    engine_.CancelFetch(*this);
  }
}

bool Endpoint::MayAsk() {
  if (!runs_ || asking_ || gone_) return false;
  const MonotonicTime now = loop_.Now();
  if (now < paused_until_) {
    AskAgainIn(paused_until_ - now);
    return false;
  }
  const std::uint32_t admitted = breaker_.Admits(now, options_.concurrency);
  if (admitted == 0) AskAgainIn(breaker_.open_until() - now);
  // What is finished later says nothing of whether it works again: it is no reason not to try.
  const bool is_trying = breaker_.state() == http::Breaker::State::kHalfOpen;
  return (is_trying ? under_way() - later_.size() : under_way()) < admitted;
}

void Endpoint::AskAgainIn(Duration delay) { loop_.timers().Schedule(*this, loop_.Now() + delay); }

void Endpoint::Ask() {
  while (MayAsk()) {
    if (loop_.ShareSpent()) return loop_.ArmNextTurn(*this);
    asking_ = true;
    const Result<> asked = engine_.Fetch(*this, wid_, std::span(&options_.queue, 1));
    if (!asked) {
      asking_ = false;
      return AskAgainIn(kEngineRetry);
    }
  }
}

// Called from within the engine: the rest is done in another turn.
void Endpoint::OnJob(const jobs::Reserved& job) {
  asking_ = false;
  arrived_.push_back({.jid = std::string(job.jid),
                      .type = std::string(job.type),
                      .text = std::string(job.text),
                      .attempt = job.attempt});
  loop_.ArmNextTurn(*this);
}

void Endpoint::OnReady(std::uint32_t) {
  while (!arrived_.empty()) {
    Delivery next = std::move(arrived_.front());
    arrived_.pop_front();
    if (Refuses()) {
      (void)engine_.GiveBack(next.jid);
    } else {
      Send(std::move(next));
    }
  }
  Ask();
}

void Endpoint::Send(Delivery delivery) {
  auto sending = std::make_unique<Sending>(std::move(delivery), pool_);
  sending->began = loop_.clock().Now();
  Sending& kept = *sending;
  // The engine has given it anew: what was under way for that job is over.
  if (const auto old = sending_.find(kept.delivery.jid); old != sending_.end()) {
    loop_.Retire(std::move(old->second));
    sending_.erase(old);
  }
  sending_[kept.delivery.jid] = std::move(sending);
  kept.scope.Spawn(Deliver(*this, kept));
}

Task<void> Endpoint::Deliver(Endpoint& endpoint, Sending& sending) {
  const Result<http::ClientResponse> response = co_await sending.pool->Fetch(
      RequestFor(endpoint.options_, sending.delivery, endpoint.loop_.clock().WallNow()));
  if (sending.is_over) co_return;
  endpoint.Settle(sending, Judge(response, endpoint.shown_url_, endpoint.loop_.clock().WallNow()));
}

void Endpoint::End(Sending& sending) {
  const auto found = sending_.find(sending.delivery.jid);
  loop_.Retire(std::move(found->second));
  sending_.erase(found);
}

void Endpoint::Settle(Sending& sending, Verdict verdict) {
  metrics_.Observe(loop_.clock().Now() - sending.began);
  End(sending);
  std::visit([&](const auto& what) { Settle(sending.delivery, what); }, verdict);
  if (runs_) loop_.ArmNextTurn(*this);
}

void Endpoint::Worked() {
  if (breaker_.state() == http::Breaker::State::kHalfOpen) {
    log::Info("webhook.recovered", {{"queue", options_.queue}, {"url", shown_url_}});
    metrics_.SetRefusing(false);
  }
  breaker_.Succeed();
  problem_.clear();
}

// What the engine answers counts no more here: it has given the job to somebody else, or ended it.
void Endpoint::Settle(const Delivery& delivery, const Done& done) {
  Worked();
  given_back_.erase(delivery.jid);
  metrics_.Count(Outcome::kDone);
  const Result<> acked = engine_.Ack(delivery.jid, done.result);
  if (acked || acked.error().code == Errc::kNotFound) return;
  // A result that is not taken is no reason to do it all again.
  log::Warn("webhook.result_refused",
            {{"queue", options_.queue}, {"jid", delivery.jid}, {"error", acked.error().detail}});
  (void)engine_.Ack(delivery.jid, "");
}

void Endpoint::Settle(const Delivery& delivery, const Later&) {
  Worked();
  metrics_.Count(Outcome::kLater);
  // The endpoint may have ended it before its answer is here.
  if (engine_.Has(wid_, delivery.jid)) later_.insert(delivery.jid);
}

void Endpoint::Settle(const Delivery& delivery, const Gone&) {
  metrics_.Count(Outcome::kGone);
  if (!gone_) log::Error("webhook.gone", {{"queue", options_.queue}, {"url", shown_url_}});
  gone_ = true;
  problem_ = shown_url_ + " answered 410: nothing is sent until it is enabled again or configured anew";
  metrics_.SetRefusing(true);
  StopAskingIfItRefuses();
  (void)engine_.GiveBack(delivery.jid);
}

void Endpoint::Settle(const Delivery& delivery, const SlowDown& slow_down) {
  metrics_.Count(Outcome::kSlowDown);
  paused_until_ = std::max(paused_until_, loop_.clock().Now() + slow_down.pause);
  problem_ = shown_url_ + " asked for a pause";
  StopAskingIfItRefuses();
  if (IsGivenBackTooOften(delivery.jid)) {
    (void)engine_.Fail(delivery.jid, {.type = "WebhookBusy", .message = problem_ + " each time"});
  } else {
    (void)engine_.GiveBack(delivery.jid);
  }
}

void Endpoint::Settle(const Delivery& delivery, const Failed& failed) {
  metrics_.Count(Outcome::kFailed);
  given_back_.erase(delivery.jid);
  if (failed.is_outage) {
    problem_ = failed.error.message;
    const http::Breaker::State before = breaker_.state();
    breaker_.Fail(loop_.clock().Now());
    if (before == http::Breaker::State::kClosed && breaker_.state() == http::Breaker::State::kOpen) {
      log::Warn("webhook.failing", {{"queue", options_.queue}, {"url", shown_url_}, {"problem", problem_}});
      metrics_.SetRefusing(true);
    }
    StopAskingIfItRefuses();
  } else {
    Worked();
  }
  (void)engine_.Fail(delivery.jid, failed.error);
}

bool Endpoint::IsGivenBackTooOften(const std::string& jid) {
  if (given_back_.size() >= kGivenBackKept) given_back_.clear();
  if (++given_back_[jid] <= kGivenBackMax) return false;
  given_back_.erase(jid);
  return true;
}

void Endpoint::OnChange(const jobs::JobChange& change) {
  const auto found = later_.find(change.jid);
  // It may be another job of that jid.
  if (found == later_.end() || engine_.Has(wid_, change.jid)) return;
  later_.erase(found);
  if (runs_) loop_.ArmNextTurn(*this);
}

void Endpoint::LookAgain() {
  // Nothing is said of those that the engine has forgotten with all others.
  const auto is_over = [this](const std::string& jid) { return !engine_.Has(wid_, jid); };
  if (std::erase_if(later_, is_over) > 0 && runs_) loop_.ArmNextTurn(*this);
  EndCancelled();
}

void Endpoint::EndCancelled() {
  std::vector<std::string> cancelled;
  for (const auto& [jid, sending] : sending_) {
    const Result<> goes_on = engine_.SetTrack(jid, {});
    if (!goes_on && goes_on.error().code == Errc::kCancelled) cancelled.push_back(jid);
  }
  for (const std::string& jid : cancelled) {
    End(*sending_.at(jid));
    (void)engine_.Fail(jid, {.type = "Cancelled", .message = "cancelled while its request was under way"});
  }
  if (!cancelled.empty() && runs_) loop_.ArmNextTurn(*this);
}

}  // namespace tidemill::webhooks
