// MapBroker: the state of map channels: one publication for each key, the newest.
//
// A map channel is a stream whose publications name a key, together with the state that they lead to. The
// stream itself is the Broker's: a change of the state is appended to it and delivered as any publication, so
// that whoever has read the state at a position follows with Broker::Subscribe and History from there. A
// channel whose settings keep no stream has state and events, and no position to continue from.
//
// Implementations live beside those of Broker; each must pass broker/testing/map_contract.cc, which is this
// comment in executable form.
//
// Thread: as Broker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/broker/broker.h"

namespace tidemill::broker {

// The longest key.
inline constexpr std::size_t kMapKeyBytesMax = 4096;
// Scores are within this on both sides of zero: what a double holds exactly, which Redis keeps them in.
inline constexpr std::int64_t kMapScoreMax = std::int64_t{1} << 53;
// The most keys of a page.
inline constexpr std::uint32_t kMapPageKeysMax = 5000;

// How a channel keeps its state; the same at every call.
struct MapSettings {
  StreamSettings stream;  // of the changes; not enabled: they are not kept
  Duration key_ttl{};     // of a key, after it was last published or refreshed; 0: until it is removed
  bool ordered = false;   // pages are in the order of the scores
};

// What a broker lets one channel's state take. Over it: Unchanged::kChannelFull.
struct MapLimits {
  std::size_t keys_max = 1'000'000;
  std::size_t bytes_max = std::size_t{256} << 20;  // of keys and publications, without overhead
};

enum class KeyCondition : std::uint8_t {
  kNone,
  kIfNew,             // only if the key is not there
  kIfNewElseRefresh,  // the same; a key that is there lives on for another key_ttl
  kIfExists,          // only if it is there
};

struct MapPublishOptions {
  MapSettings map;
  KeyCondition condition = KeyCondition::kNone;
  std::string idempotency_key;  // as of PublishOptions
  std::uint64_t version = 0;    // 0: none; else dropped unless higher than the key's last; needs a stream
  std::string version_epoch;    // "": versions of any epoch are compared; else only of the same
};

struct MapRemoveOptions {
  MapSettings map;
  std::string idempotency_key;
};

// Why nothing was changed or delivered.
enum class Unchanged : std::uint8_t {
  kNo,           // it was
  kIdempotency,  // the idempotency key was seen before
  kVersion,      // the key's version is as high already
  kKeyExists,    // and was to be new
  kKeyNotFound,  // and was to exist
  kChannelFull,  // the channel holds as much as MapLimits say
};

struct MapOutcome {
  // After the change; else the earlier one's, or the top. The offset is 0 without a stream.
  StreamPosition position;
  Unchanged unchanged = Unchanged::kNo;
};

struct MapStateQuery {
  std::string cursor;       // where the page before ended; "": the first page
  std::uint32_t limit = 0;  // keys; 0: only the position; at most kMapPageKeysMax
  std::size_t bytes_max = std::numeric_limits<std::size_t>::max();  // a page has at least one key
  std::string key;                                                  // not "": only this key
  bool ascending = false;            // of an ordered channel: the lowest score first
  std::optional<std::string> epoch;  // of an earlier page
};

// A part of the state, in the order of the keys, or in that of scores and then keys, the highest first.
// Paging by cursors finds every key that is there all the while and keeps its place. One that is published
// meanwhile may be found twice or not at all; its change is in the stream.
struct MapPage {
  std::vector<PublicationPtr> entries;  // with their offsets, none is removed
  StreamPosition position;              // of the stream when the page was read
  std::string cursor;                   // of the next page; "": this is the last
};

struct MapStats {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;  // as MapLimits counts them
};

class MapBroker {
 public:
  virtual ~MapBroker() = default;

  // Sets `publication.key`, appends to the stream and delivers, all or nothing. Looked at in this order: the
  // idempotency key, the version, the condition, the limits.
  // kInvalidArgument: a key that is empty or over kMapKeyBytesMax; a score over kMapScoreMax; a version
  // without a stream; an idempotency key or version epoch over kPublishKeyBytesMax.
  // kLimitExceeded, kUnavailable: as Broker::Publish.
  virtual Task<Result<MapOutcome>> Publish(ChannelName channel, Publication publication,
                                           MapPublishOptions options) = 0;
  // Takes the key out; what is appended and delivered is a publication with `removed`, and with the tags of
  // what is removed. The same happens by itself key_ttl after a key was published.
  virtual Task<Result<MapOutcome>> Remove(ChannelName channel, std::string key, MapRemoveOptions options) = 0;

  // kUnrecoverablePosition: `epoch` is not the stream's.
  virtual Task<Result<MapPage>> ReadState(ChannelName channel, MapStateQuery query, MapSettings map) = 0;
  virtual Task<Result<MapStats>> Stats(ChannelName channel) = 0;
  // Forgets state and stream. A new epoch begins: subscribers get OnStreamLost and must begin anew.
  virtual Task<Result<void>> Clear(ChannelName channel) = 0;
};

// "": it was changed; else as the HTTP API names it.
constexpr std::string_view NameOf(Unchanged unchanged) {
  constexpr std::string_view kNames[] = {"",           "idempotency",   "version",
                                         "key_exists", "key_not_found", "channel_full"};
  return kNames[static_cast<std::size_t>(unchanged)];
}

// The checks of a publish that no implementation leaves out.
Result<void> CheckMapPublish(const Publication& publication, const MapPublishOptions& options);
Result<void> CheckMapKey(std::string_view key, std::string_view idempotency_key);

// Of an ordered channel a cursor is "<score>\0<key>", of any other the key. The last entry of a page gives
// it.
std::string MapCursor(const Publication& last, bool ordered);
struct OrderedCursor {
  std::int64_t score = 0;
  std::string_view key;
};
// One that is malformed stands before or behind some keys, as any other.
OrderedCursor ParseOrderedCursor(std::string_view cursor);

// What of a publication counts as bytes of the state.
std::size_t MapEntryBytes(const Publication& publication);

}  // namespace tidemill::broker
