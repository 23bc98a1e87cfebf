#include "queries/cache/redis/redis_tier.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/async.h"
#include "net/task_scope.h"
#include "net/until.h"
#include "queries/cache/answer_record.h"
#include "queries/cache/generations.h"
#include "queries/cache/redis/change_message.h"
#include "queries/cache/redis/keys.h"
#include "queries/cache/redis/scripts.h"

namespace tidemill::queries::redis_tier {
namespace {

constexpr std::size_t kTokenLetters = 16;
constexpr std::size_t kKeepsMax = 256;  // on their way to Redis, on one loop
constexpr Duration kPollPauseMin = Milliseconds(5);
constexpr Duration kPollPauseMax = Milliseconds(25);
constexpr Duration kResendPause = Milliseconds(250);

// The answer, unless it is none or an error.
Result<redis::Reply> Checked(Result<redis::Reply> reply) {
  if (reply && reply->is_error()) return Fail(Errc::kRefused, std::move(reply->text));
  return reply;
}

// With all jitter.
Duration FreshMax(const CachePolicy& policy) { return {policy.ttl.ms + policy.ttl.ms / 10}; }

// What AskScript gives.
struct Asked {
  std::string word;
  std::optional<MadeAnswer> answer;
};

Result<Asked> ReadAsked(const redis::Reply& reply, MonotonicTime now, Duration fresh_max) {
  if (!reply.is_array() || reply.elements.empty()) return Fail(Errc::kInternal, ToString(reply));
  Asked asked{.word = reply.elements[0].text};
  if (reply.elements.size() == 1) return asked;
  if (reply.elements.size() != 4) return Fail(Errc::kInternal, ToString(reply));
  auto answer = DecodeAnswer(reply.elements[1].text);
  if (!answer) return asked;  // of another version, or damaged: as if there were none
  const std::int64_t age = std::max<std::int64_t>(reply.elements[2].integer, 0);
  const std::int64_t fresh = std::min(reply.elements[3].integer, fresh_max.ms);
  asked.answer = MadeAnswer{.answer = *std::move(answer),
                            .made_at = {now.ms - age},
                            .fresh_until = {now.ms + fresh},
                            .remote = true};
  return asked;
}

class RedisTier final : public RemoteTier {
 public:
  RedisTier(net::Loop& loop, redis::Client& client, UnsentChanges& unsent, RedisTierOptions options,
            RedisTierMetrics& metrics)
      : loop_(loop),
        client_(client),
        unsent_(unsent),
        options_(std::move(options)),
        keys_(options_.prefix),
        metrics_(metrics) {}
  ~RedisTier() override {
    for (const auto& [name, number] : queue_) unsent_.Remove(name);
  }

  Task<Terms> Ask(FlightPtr flight) override;
  void Keep(FlightPtr flight, Ticket ticket, MadeAnswer made) override;
  void GiveUp(FlightPtr flight, Ticket ticket) override;
  Task<void> Changed(std::vector<std::string> tables_and_tags) override;

 private:
  bool IsPaused() const { return loop_.Now() < paused_until_; }
  void Pause() {
    metrics_.failures.Add();
    paused_until_ = loop_.Now() + options_.pause_after_failure;
  }
  // In time, or an error; after one, Redis is left alone for a while.
  Task<Result<redis::Reply>> Run(const redis::Script& script, std::vector<std::string> keys,
                                 std::vector<std::string> arguments);
  Task<Terms> AskRedis(FlightPtr flight, std::string generations);
  Task<void> RunKeep(std::vector<std::string> keys, std::vector<std::string> arguments);
  Task<void> Unlock(std::string key, std::string lock);
  Task<void> SendChanges();
  Task<void> WaitUntilSent(std::uint64_t number);
  Task<Result<bool>> AwaitAttempt();
  void Sent(std::uint64_t number);
  void WakeWaiters();

  net::Loop& loop_;
  redis::Client& client_;
  UnsentChanges& unsent_;
  const RedisTierOptions options_;
  const RedisKeys keys_;
  RedisTierMetrics& metrics_;
  MonotonicTime paused_until_{};
  std::size_t keeps_ = 0;
  // What Redis is to be told: each name with the number of its newest change.
  std::map<std::string, std::uint64_t> queue_;
  std::uint64_t changes_ = 0;  // so far
  std::uint64_t sent_ = 0;     // changes up to this number have been told
  bool sending_ = false;
  std::vector<net::Reply<Result<bool>>::Sender> waiters_;  // for the end of an attempt
  TaskScope scope_;                                        // last: its tasks refer to all above
};

Task<Result<redis::Reply>> RedisTier::Run(const redis::Script& script, std::vector<std::string> keys,
                                          std::vector<std::string> arguments) {
  auto reply = Checked(co_await net::Until(loop_, loop_.Now() + options_.patience,
                                           client_.Run(script, std::move(keys), std::move(arguments))));
  if (!reply) Pause();
  co_return reply;
}

Task<RemoteTier::Terms> RedisTier::Ask(FlightPtr flight) {
  std::vector<std::string> names{std::string(Generations::kEverything)};
  names.insert(names.end(), flight->policy->dependencies->names().begin(),
               flight->policy->dependencies->names().end());
  if (IsPaused() || unsent_.HasAny(names)) {
    metrics_.skipped.Add();
    co_return Terms{};
  }
  std::vector<std::string> arguments{RandomLetters(kTokenLetters)};
  arguments.insert(arguments.end(), names.begin(), names.end());
  auto generations = co_await Run(ReadGenerationsScript(), {keys_.Generations()}, std::move(arguments));
  if (!generations || !generations->is_text()) co_return Terms{};
  co_return co_await AskRedis(std::move(flight), std::move(generations->text));
}

Task<RemoteTier::Terms> RedisTier::AskRedis(FlightPtr flight, std::string generations) {
  const MonotonicTime give_up_at = loop_.Now() + options_.patience;
  const std::string digest = flight->key.Digest();
  const std::string lock = RandomLetters(kTokenLetters);
  const std::string lock_ttl = std::to_string(options_.lock_ttl.ms);
  for (Duration pause = kPollPauseMin;; pause = std::min(Duration{2 * pause.ms}, kPollPauseMax)) {
    const auto reply =
        co_await Run(AskScript(), {keys_.Answer(digest), keys_.Lock(digest)}, {generations, lock, lock_ttl});
    if (!reply) co_return Terms{};
    auto asked = ReadAsked(*reply, loop_.Now(), FreshMax(*flight->policy));
    if (!asked) co_return Terms{};
    if (asked->answer) {
      metrics_.hits.Add();
      co_return Terms{.answer = std::move(asked->answer)};
    }
    if (asked->word == "good")
      co_return Terms{.ticket = {.generations = std::move(generations)}};  // unreadable
    if (asked->word == "yours") {
      metrics_.misses.Add();
      co_return Terms{.ticket = {.generations = std::move(generations), .lock = lock}};
    }
    if (loop_.Now() >= give_up_at) {
      metrics_.impatient.Add();
      co_return Terms{.ticket = {.generations = std::move(generations)}};
    }
    co_await net::Sleep(loop_, pause);
  }
}

void RedisTier::Keep(FlightPtr flight, Ticket ticket, MadeAnswer made) {
  if (ticket.generations.empty() || IsPaused()) return;
  if (keeps_ == kKeepsMax) return metrics_.unkept.Add();
  const std::string digest = flight->key.Digest();
  const Duration age = std::max(loop_.Now() - made.made_at, Duration{});
  const Duration fresh = std::max(made.fresh_until - loop_.Now(), Duration{});
  const Duration swr =
      made.answer->response.status == 200 ? flight->policy->stale_while_revalidate : Duration{};
  scope_.Spawn(
      RunKeep({keys_.Answer(digest), keys_.Lock(digest)},
              {std::move(ticket.generations), EncodeAnswer(*made.answer), std::to_string(age.ms),
               std::to_string(fresh.ms), std::to_string(std::max<std::int64_t>(fresh.ms + swr.ms, 1)),
               std::move(ticket.lock)}));
}

Task<void> RedisTier::RunKeep(std::vector<std::string> keys, std::vector<std::string> arguments) {
  ++keeps_;
  if (co_await Run(KeepScript(), std::move(keys), std::move(arguments))) metrics_.kept.Add();
  --keeps_;
}

void RedisTier::GiveUp(FlightPtr flight, Ticket ticket) {
  if (ticket.lock.empty() || IsPaused() || keeps_ == kKeepsMax) return;  // the lock has a TTL
  scope_.Spawn(Unlock(keys_.Lock(flight->key.Digest()), std::move(ticket.lock)));
}

Task<void> RedisTier::Unlock(std::string key, std::string lock) {
  ++keeps_;
  (void)co_await Run(UnlockScript(), {std::move(key)}, {std::move(lock)});
  --keeps_;
}

Task<void> RedisTier::Changed(std::vector<std::string> tables_and_tags) {
  ++changes_;
  for (const std::string& each : tables_and_tags) {
    std::string name = Generations::NameOf(each);
    if (queue_.insert_or_assign(name, changes_).second) {
      unsent_.Add(name);
      metrics_.changes_unsent.Add(1);
    }
  }
  if (!sending_) scope_.Spawn(SendChanges());
  return WaitUntilSent(changes_);
}

// Until Redis has taken all of them.
Task<void> RedisTier::SendChanges() {
  sending_ = true;
  while (!queue_.empty()) {
    const std::uint64_t number = changes_;
    std::vector<std::string> names;
    for (const auto& [name, newest] : queue_) names.push_back(name);
    std::vector<std::string> arguments{RandomLetters(kTokenLetters),
                                       options_.sharded_pub_sub ? "SPUBLISH" : "PUBLISH", keys_.Changes(),
                                       EncodeChange(options_.node, names)};
    arguments.insert(arguments.end(), names.begin(), names.end());
    const bool sent =
        (co_await Run(ChangeGenerationsScript(), {keys_.Generations()}, std::move(arguments))).has_value();
    if (sent) Sent(number);
    WakeWaiters();
    if (!sent) co_await net::Sleep(loop_, kResendPause);
  }
  sending_ = false;
}

void RedisTier::Sent(std::uint64_t number) {
  metrics_.changes_sent.Add();
  sent_ = number;
  std::erase_if(queue_, [&](const auto& entry) {
    if (entry.second > number) return false;  // changed again meanwhile
    unsent_.Remove(entry.first);
    metrics_.changes_unsent.Sub(1);
    return true;
  });
}

void RedisTier::WakeWaiters() {
  for (const auto& waiter : std::exchange(waiters_, {})) waiter.Send(true);
}

Task<void> RedisTier::WaitUntilSent(std::uint64_t number) {
  const MonotonicTime give_up_at = loop_.Now() + options_.patience;
  while (sent_ < number && !IsPaused()) {
    if (!co_await net::Until(loop_, give_up_at, AwaitAttempt())) co_return;
  }
}

Task<Result<bool>> RedisTier::AwaitAttempt() {
  net::Reply<Result<bool>> reply(loop_);
  waiters_.push_back(reply.sender());
  co_return co_await reply;
}

}  // namespace

std::unique_ptr<RemoteTier> MakeRedisTier(net::Loop& loop, redis::Client& client, UnsentChanges& unsent,
                                          RedisTierOptions options, RedisTierMetrics& metrics) {
  return std::make_unique<RedisTier>(loop, client, unsent, std::move(options), metrics);
}

}  // namespace tidemill::queries::redis_tier
