#include "queries/live/cohort_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json_writer.h"
#include "base/random.h"

namespace tidemill::queries::live {
namespace {

constexpr std::size_t kIdLetters = 12;

void AppendRow(JsonWriter& json, std::string_view key, std::int64_t score, std::string_view data) {
  json.BeginObject();
  json.Key("key");
  json.String(key);
  json.Key("order");
  json.Integer(score);
  json.Key("row");
  json.RawOnOneLine(data);
  json.EndObject();
}

void AppendTold(JsonWriter& json, const SeenWrites& told) {
  if (told.settled.empty()) return;
  json.Key("txid");
  json.String(told.settled);
  if (told.later.empty()) return;
  json.Key("txids");
  json.BeginArray();
  for (const std::string& each : told.later) json.String(each);
  json.EndArray();
}

// `append` writes the members of the data.
template <class Append>
EventText MakeEvent(std::string_view name, std::string_view id, std::uint64_t version, Append append) {
  std::string text = fmt::format("event: {}\nid: {}.{}\ndata: ", name, id, version);
  JsonWriter json(text);
  json.BeginObject();
  append(json);
  json.EndObject();
  text += "\n\n";
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

std::optional<EventPosition> EventPosition::Parse(std::string_view id) {
  const std::size_t dot = id.find('.');
  if (dot != kIdLetters) return std::nullopt;
  EventPosition position{.cohort = std::string(id.substr(0, dot)), .has_result = true};
  const std::string_view digits = id.substr(dot + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.version);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return position;
}

CohortEvents::CohortEvents() : id_(RandomLetters(kIdLetters)) {}

void CohortEvents::Next(const EventPosition& has, const Window& window, MonotonicTime now,
                        net::Reply<NextEvents>::Sender sender) {
  listened_ = true;
  const bool follows = has.has_result && has.cohort == id_ && has.version <= version_ &&
                       version_ - has.version <= kept_.size();
  if (!follows) {
    EventText whole = whole_version_ == version_ ? whole_.lock() : nullptr;
    if (whole == nullptr) {
      whole = MakeEvent("result", id_, version_, [&](JsonWriter& json) {
        json.Key("rows");
        json.BeginArray();
        for (const Window::View& each : window.InOrder()) AppendRow(json, each.key, each.score, each.data);
        json.EndArray();
        AppendTold(json, told_);
      });
      whole_ = whole;
      whole_version_ = version_;
    }
    return sender.Send(
        {.events = {std::move(whole)}, .version = version_, .stale_since = stale_since_, .ended = {}});
  }
  if (has.version < version_ || has.stale_since != stale_since_) return sender.Send(After(has.version));
  waiting_.push_back({.version = has.version, .until = now + kPatience, .sender = std::move(sender)});
}

NextEvents CohortEvents::After(std::uint64_t version) const {
  NextEvents next{.events = {}, .version = version_, .stale_since = stale_since_, .ended = {}};
  const auto count = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(version_ - version, kept_.size()));
  next.events.assign(kept_.end() - count, kept_.end());  // none of those that nobody had asked for
  return next;
}

EventText CohortEvents::Encode(std::span<const Change> changes, const SeenWrites& told) const {
  if (changes.empty() && !told.own) return nullptr;
  // Nobody looks at it, and whoever comes later gets the whole result.
  if (!listened_) return std::make_shared<const std::string>();
  return MakeEvent("change", id_, version_ + 1, [&](JsonWriter& json) {
    json.Key("rows");
    json.BeginArray();
    for (const Change& each : changes) {
      if (!each.removed) AppendRow(json, each.key, each.score, each.data);
    }
    json.EndArray();
    json.Key("removed");
    json.BeginArray();
    for (const Change& each : changes) {
      if (each.removed) json.String(each.key);
    }
    json.EndArray();
    AppendTold(json, told);
  });
}

void CohortEvents::Add(EventText event, SeenWrites told) {
  told_ = std::move(told);
  if (event == nullptr) return;
  ++version_;
  if (event->empty()) {
    kept_.clear();
    kept_bytes_ = 0;
    return Answer();
  }
  kept_bytes_ += event->size();
  kept_.push_back(std::move(event));
  Answer();
  while (kept_.size() > kKeptMax || kept_bytes_ > kKeptBytesMax) {
    kept_bytes_ -= kept_.front()->size();
    kept_.pop_front();
  }
}

// All who wait have all that is kept, or lack what has just come.
void CohortEvents::Answer() {
  for (const Waiter& each : std::exchange(waiting_, {})) each.sender.Send(After(each.version));
}

void CohortEvents::SetStaleSince(std::int64_t since) {
  if (std::exchange(stale_since_, since) != since) Answer();
}

void CohortEvents::OnTick(MonotonicTime now) {
  const auto over = std::ranges::partition(waiting_, [&](const Waiter& each) { return each.until > now; });
  const std::vector<Waiter> told(std::make_move_iterator(over.begin()), std::make_move_iterator(over.end()));
  waiting_.erase(over.begin(), over.end());
  for (const Waiter& each : told) each.sender.Send(After(each.version));
}

void CohortEvents::End(const NotFollowed& why) {
  for (const Waiter& each : std::exchange(waiting_, {})) {
    each.sender.Send({.events = {}, .version = version_, .stale_since = stale_since_, .ended = why});
  }
}

}  // namespace tidemill::queries::live
