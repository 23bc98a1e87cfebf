#include "realtime/broker/redis/map_store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "base/random.h"
#include "realtime/broker/redis/map_scripts.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/stream_store.h"

namespace tidemill::broker::redis_broker {
namespace {

constexpr Duration kIdempotencyTtl = Minutes(5);
constexpr std::size_t kEpochLetters = 8;
constexpr int kExpiredAtOnce = 200;

std::string Ms(Duration duration) { return std::to_string(duration.ms); }

// Of what a channel keeps beside its stream. It outlives the keys: Redis must not drop them before a sweep
// has published that they are gone. Without a stream it is only the epoch, which pages of the state are
// compared by.
Duration MetaTtl(const MapSettings& map) {
  const Duration of_keys{map.key_ttl.ms > 0 ? 2 * map.key_ttl.ms + 60'000 : 0};
  if (map.stream.enabled()) return std::max(map.stream.meta_ttl, of_keys);
  return of_keys.ms > 0 ? of_keys : StreamSettings{}.meta_ttl;
}

std::string Size(const StreamSettings& stream) { return std::to_string(stream.enabled() ? stream.size : 0); }

std::string_view NameOf(KeyCondition condition) {
  switch (condition) {
    case KeyCondition::kNone: return "";
    case KeyCondition::kIfNew: return "new";
    case KeyCondition::kIfNewElseRefresh: return "refresh";
    case KeyCondition::kIfExists: return "exists";
  }
  return "";
}

std::unexpected<Error> Malformed() { return Fail(Errc::kUnavailable, "Redis: malformed state"); }

Result<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return Malformed();
  return number;
}

Result<StreamPosition> Position(const redis::Reply& epoch, const redis::Reply& offset) {
  TM_TRY_ASSIGN(const std::uint64_t number, Number(offset.text));
  return StreamPosition{.offset = number, .epoch = epoch.text};
}

Result<MapOutcome> OutcomeOf(const redis::Reply& reply) {
  TM_TRY(CheckReply(reply));
  if (reply.elements.size() != 3) return Malformed();
  TM_TRY_ASSIGN(StreamPosition position, Position(reply.elements[0], reply.elements[1]));
  return MapOutcome{std::move(position), static_cast<Unchanged>(reply.elements[2].integer)};
}

// <bytes>:<offset>:<epoch>:<version>:<length>:<length>:<version epoch><removal record><record>
Result<PublicationPtr> EntryOf(std::string_view value, const std::string& epoch) {
  std::array<std::string_view, 6> fields;
  for (std::string_view& field : fields) {
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos) return Malformed();
    field = value.substr(0, colon);
    value.remove_prefix(colon + 1);
  }
  TM_TRY_ASSIGN(const std::uint64_t offset, Number(fields[1]));
  TM_TRY_ASSIGN(const std::uint64_t version_epoch_bytes, Number(fields[4]));
  TM_TRY_ASSIGN(const std::uint64_t removal_bytes, Number(fields[5]));
  if (version_epoch_bytes + removal_bytes > value.size()) return Malformed();
  TM_TRY_ASSIGN(Publication publication,
                DecodePublication(value.substr(version_epoch_bytes + removal_bytes)));
  // The stream began anew since: that was before anything in it.
  publication.offset = fields[2] == epoch ? offset : 0;
  return std::make_shared<const Publication>(std::move(publication));
}

Result<MapPage> PageOf(const redis::Reply& reply) {
  TM_TRY(CheckReply(reply));
  if (reply.elements.size() != 5) return Malformed();
  MapPage page;
  TM_TRY_ASSIGN(page.position, Position(reply.elements[0], reply.elements[1]));
  for (const redis::Reply& value : reply.elements[2].elements) {
    TM_TRY_ASSIGN(PublicationPtr entry, EntryOf(value.text, page.position.epoch));
    page.entries.push_back(std::move(entry));
  }
  const bool ordered = reply.elements[4].text == "1";
  if (reply.elements[3].integer == 1) page.cursor = MapCursor(*page.entries.back(), ordered);
  return page;
}

}  // namespace

std::vector<std::string> MapStore::KeysOf(const ChannelName& channel,
                                          const std::string& idempotency_key) const {
  const Keys& keys = with_.keys;
  std::vector<std::string> names = {keys.Stream(channel), keys.Meta(channel), keys.MapData(channel),
                                    keys.MapOrder(channel), keys.MapExpiry(channel)};
  if (!idempotency_key.empty()) names.push_back(keys.PublishResult(channel, idempotency_key));
  return names;
}

Task<Result<MapOutcome>> MapStore::Publish(ChannelName channel, Publication publication,
                                           MapPublishOptions options) {
  TM_CO_TRY(CheckMapPublish(publication, options));
  publication.time_ms = SystemClock().WallNow().ms;
  Publication removal;
  removal.key = publication.key;
  removal.removed = true;
  removal.tags = publication.tags;
  removal.data_is_json = true;
  const MapSettings& map = options.map;
  std::vector<std::string> arguments = {EncodePublication(publication),
                                        EncodePublication(removal),
                                        std::to_string(MapEntryBytes(publication)),
                                        Size(map.stream),
                                        Ms(map.stream.ttl),
                                        Ms(MetaTtl(map)),
                                        with_.keys.PubSub(channel),
                                        publish_,
                                        RandomLetters(kEpochLetters),
                                        Ms(kIdempotencyTtl),
                                        publication.key,
                                        std::to_string(publication.score),
                                        Ms(map.key_ttl),
                                        std::string(NameOf(options.condition)),
                                        std::to_string(options.version),
                                        std::move(options.version_epoch),
                                        std::to_string(with_.limits.keys_max),
                                        std::to_string(with_.limits.bytes_max),
                                        map.ordered ? "1" : "0"};
  TM_CO_TRY_ASSIGN(const redis::Reply reply,
                   co_await with_.client.Run(MapPublishScript(), KeysOf(channel, options.idempotency_key),
                                             std::move(arguments)));
  auto outcome = OutcomeOf(reply);
  if (outcome && outcome->unchanged == Unchanged::kChannelFull) with_.metrics.map_refused.Add();
  co_return outcome;
}

Task<Result<MapOutcome>> MapStore::Remove(ChannelName channel, std::string key, MapRemoveOptions options) {
  TM_CO_TRY(CheckMapKey(key, options.idempotency_key));
  std::vector<std::string> arguments = {std::move(key),
                                        Size(options.map.stream),
                                        Ms(options.map.stream.ttl),
                                        Ms(MetaTtl(options.map)),
                                        with_.keys.PubSub(channel),
                                        publish_,
                                        RandomLetters(kEpochLetters),
                                        Ms(kIdempotencyTtl)};
  const redis::Script& script = with_.bugs.keep_removed_keys ? KeepingMapRemoveScript() : MapRemoveScript();
  TM_CO_TRY_ASSIGN(
      const redis::Reply reply,
      co_await with_.client.Run(script, KeysOf(channel, options.idempotency_key), std::move(arguments)));
  co_return OutcomeOf(reply);
}

Task<Result<MapPage>> MapStore::ReadState(ChannelName channel, MapStateQuery query, MapSettings map) {
  const OrderedCursor after = ParseOrderedCursor(query.cursor);
  const std::size_t most = std::min<std::size_t>(query.bytes_max, std::size_t{1} << 40);
  const std::vector<std::string> arguments = {RandomLetters(kEpochLetters),
                                              Ms(MetaTtl(map)),
                                              query.cursor,
                                              std::string(after.key),
                                              std::to_string(after.score),
                                              std::to_string(query.limit),
                                              std::to_string(most),
                                              query.key,
                                              query.ascending ? "asc" : "",
                                              map.ordered ? "1" : "0",
                                              with_.keys.PubSub(channel),
                                              publish_};
  while (true) {
    TM_CO_TRY_ASSIGN(const redis::Reply reply,
                     co_await with_.client.Run(MapPageScript(), KeysOf(channel), arguments));
    if (reply.is_text() && reply.text == "again") continue;
    TM_CO_TRY_ASSIGN(MapPage page, PageOf(reply));
    if (query.epoch && *query.epoch != page.position.epoch) {
      co_return Fail(Errc::kUnrecoverablePosition, "the state has another epoch");
    }
    co_return page;
  }
}

Task<Result<MapStats>> MapStore::Stats(ChannelName channel) {
  TM_CO_TRY_ASSIGN(const redis::Reply reply,
                   co_await with_.client.Run(MapStatsScript(), KeysOf(channel), {}));
  TM_CO_TRY(CheckReply(reply));
  if (reply.elements.size() != 2) co_return Malformed();
  co_return MapStats{.keys = static_cast<std::uint64_t>(reply.elements[0].integer),
                     .bytes = static_cast<std::uint64_t>(reply.elements[1].integer)};
}

Task<Result<void>> MapStore::Clear(ChannelName channel) {
  TM_CO_TRY_ASSIGN(
      const redis::Reply reply,
      co_await with_.client.Run(MapClearScript(), KeysOf(channel),
                                {RandomLetters(kEpochLetters), with_.keys.PubSub(channel), publish_}));
  co_return CheckReply(reply);
}

Task<Result<std::optional<Duration>>> MapStore::Expire(ChannelName channel) {
  const redis::Script& script = with_.bugs.silent_expiry ? SilentMapExpireScript() : MapExpireScript();
  TM_CO_TRY_ASSIGN(const redis::Reply reply,
                   co_await with_.client.Run(script, KeysOf(channel),
                                             {std::to_string(kExpiredAtOnce), RandomLetters(kEpochLetters),
                                              with_.keys.PubSub(channel), publish_}));
  TM_CO_TRY(CheckReply(reply));
  if (reply.integer < 0) co_return std::optional<Duration>();
  co_return std::optional<Duration>(Duration{reply.integer});
}

}  // namespace tidemill::broker::redis_broker
