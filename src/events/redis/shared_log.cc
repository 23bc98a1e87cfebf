#include "events/redis/shared_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"
#include "events/redis/scripts.h"
#include "net/sleep.h"

namespace tidemill::events {
namespace {

// Channels of a node that is gone, in one step.
constexpr std::size_t kReleasedAtOnce = 500;

// [id, [field, value, …]] of XRANGE.
bool IsEntry(const redis::Reply& entry) {
  return entry.is_array() && entry.elements.size() == 2 && entry.elements[1].is_array();
}

BatchItem ItemOf(const redis::Reply& entry) {
  const std::vector<redis::Reply>& fields = entry.elements[1].elements;
  BatchItem item;
  std::string type;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string& value = fields[i + 1].text;
    if (fields[i].text == "j") item.json = value;
    if (fields[i].text == "t") type = value;
    if (fields[i].text == "c") item.channel = value;
    if (fields[i].text == "m") std::from_chars(value.data(), value.data() + value.size(), item.at.ms);
  }
  if (!item.json.empty()) return item;
  item.type = type == NameOf(EventType::kOccupied) ? EventType::kOccupied : EventType::kVacated;
  item.json = JsonOf(item.type, item.channel, item.at);
  return item;
}

}  // namespace

SharedLog::SharedLog(net::Loop& loop, redis::Client& client, Target& endpoint, SharedLogOptions options,
                     Metrics& metrics, std::function<void()> forgotten)
    : loop_(loop),
      client_(client),
      endpoint_(endpoint),
      options_(std::move(options)),
      keys_(options_.prefix),
      metrics_(metrics),
      forgotten_(std::move(forgotten)) {}

void SharedLog::Start() {
  scope_.Spawn(Beat());
  for (std::size_t lane = 0; lane < options_.lanes; ++lane) scope_.Spawn(TellLane(lane));
}

Task<Result<void>> SharedLog::Deliver(const Batch& batch) {
  std::vector<std::string> arguments = {std::to_string(options_.entries_max)};
  arguments.reserve(1 + 3 * batch.items.size());
  for (const BatchItem& item : batch.items) {
    const bool is_of_channel = !item.channel.empty();
    const bool is_occupied = item.type == EventType::kOccupied;
    arguments.emplace_back(!is_of_channel ? "e" : is_occupied ? "o" : "v");
    arguments.push_back(is_of_channel ? item.channel : item.json);
    arguments.push_back(std::to_string(item.at.ms));
  }
  std::vector<std::string> keys = {keys_.Nodes(batch.lane), keys_.Held(batch.lane, options_.node),
                                   keys_.Log(batch.lane)};
  TM_CO_TRY_ASSIGN(const redis::Reply reply,
                   co_await client_.Run(RecordScript(), std::move(keys), std::move(arguments)));
  if (!reply.is_integer()) co_return redis::Unexpected(reply);
  if (reply.integer == 0) co_return Fail(Errc::kLimitExceeded, "too many events wait in Redis to be told");
  co_return {};
}

Task<void> SharedLog::Beat() {
  while (true) {
    if (const auto beaten = co_await BeatOnce(); !beaten) Complain(beaten.error());
    co_await net::Sleep(loop_, options_.beat_interval);
  }
}

Task<Result<void>> SharedLog::BeatOnce() {
  std::vector<std::string> alive = {keys_.Alive()};
  std::vector<std::string> arguments = {options_.node, std::to_string(options_.gone_after.ms)};
  TM_CO_TRY_ASSIGN(const redis::Reply reply, co_await client_.Run(BeatScript(), alive, std::move(arguments)));
  if (!reply.is_array() || reply.elements.empty()) co_return redis::Unexpected(reply);
  if (std::exchange(has_beaten_, true) && reply.elements[0].text == "1") {
    log::Warn("events.recorded_again",
              {{"why", "Redis lost what this node had recorded, or took it for gone"}});
    forgotten_();
  }
  if (stops_ || !endpoint_.is_here()) co_return {};
  const MonotonicTime asked = loop_.clock().Now();
  std::vector<std::string> teller = {keys_.Teller()};
  std::vector<std::string> claim = {options_.node, std::to_string(options_.claim.ms)};
  TM_CO_TRY_ASSIGN(const redis::Reply claimed,
                   co_await client_.Run(ClaimScript(), std::move(teller), std::move(claim)));
  if (!claimed.is_integer()) co_return redis::Unexpected(claimed);
  if (claimed.integer == 0) co_return {};
  tells_until_ = asked + options_.claim;
  for (std::size_t i = 1; i < reply.elements.size(); ++i) {
    TM_CO_TRY(co_await ReleaseOf(reply.elements[i].text));
  }
  co_return {};
}

Task<Result<void>> SharedLog::ReleaseOf(std::string node) {
  for (std::size_t lane = 0; lane < options_.lanes; ++lane) {
    while (true) {
      std::vector<std::string> keys = {keys_.Nodes(lane), keys_.Held(lane, node), keys_.Log(lane)};
      std::vector<std::string> count = {std::to_string(kReleasedAtOnce)};
      TM_CO_TRY_ASSIGN(const redis::Reply left,
                       co_await client_.Run(ReleaseScript(), std::move(keys), std::move(count)));
      if (!left.is_integer()) co_return redis::Unexpected(left);
      if (left.integer == 0) break;
    }
  }
  TM_CO_TRY_ASSIGN(const redis::Reply removed,
                   co_await client_.Send(keys_.Alive(), redis::Command{"ZREM", keys_.Alive(), node}));
  if (removed.is_error()) co_return redis::Unexpected(removed);
  log::Info("events.node_released", {{"node", node}});
  co_return {};
}

Task<void> SharedLog::TellLane(std::size_t lane) {
  Duration pause = options_.look_interval;
  while (true) {
    Result<std::size_t> told = 0;
    if (tells()) told = co_await TellSome(lane);
    if (told && *told > 0) {
      pause = options_.look_interval;
      continue;
    }
    if (!told) {
      metrics_.requests_failed.Add();
      Complain(told.error());
      pause = Duration{std::min(2 * pause.ms, kLongestPause.ms)};
    }
    co_await net::Sleep(loop_, pause);
  }
}

Task<Result<std::size_t>> SharedLog::TellSome(std::size_t lane) {
  const std::string log = keys_.Log(lane);
  TM_CO_TRY_ASSIGN(const redis::Reply reply,
                   co_await client_.Send(log, redis::Command{"XRANGE", log, "-", "+", "COUNT",
                                                             std::to_string(options_.batch_max)}));
  if (!reply.is_array()) co_return redis::Unexpected(reply);
  if (reply.elements.empty()) co_return std::size_t{0};
  if (!std::ranges::all_of(reply.elements, IsEntry)) co_return redis::Unexpected(reply);
  Batch batch{.lane = lane};
  redis::Command taken{"XDEL", log};
  for (const redis::Reply& entry : reply.elements) {
    batch.items.push_back(ItemOf(entry));
    taken.Add(entry.elements[0].text);
  }
  batch.id = fmt::format("{}-{}-{}", lane, reply.elements.front().elements[0].text,
                         reply.elements.back().elements[0].text);
  TM_CO_TRY(co_await endpoint_.Deliver(batch));
  TM_CO_TRY_ASSIGN(const redis::Reply deleted, co_await client_.Send(log, std::move(taken)));
  if (deleted.is_error()) co_return redis::Unexpected(deleted);
  co_return batch.items.size();
}

void SharedLog::Complain(const Error& error) {
  const auto suppressed = complaints_.Count(loop_.clock().Now());
  if (suppressed) log::Warn("events.not_told", {{"why", error.detail}, {"suppressed", *suppressed}});
}

}  // namespace tidemill::events
