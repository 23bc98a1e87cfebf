#include "realtime/broker/redis/stream_store.h"

#include <charconv>
#include <memory>
#include <utility>

#include "base/random.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/scripts.h"

namespace tidemill::broker::redis_broker {
namespace {

constexpr Duration kIdempotencyTtl = Minutes(5);
constexpr std::size_t kEpochLetters = 8;

std::string Ms(Duration duration) { return std::to_string(duration.ms); }

Result<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return Fail(Errc::kUnavailable, "Redis: malformed number");
  return number;
}

Result<StreamPosition> Position(const redis::Reply& epoch, const redis::Reply& offset) {
  if (!epoch.is_text() || !offset.is_text()) return Unexpected(epoch);
  TM_TRY_ASSIGN(const std::uint64_t number, Number(offset.text));
  return StreamPosition{.offset = number, .epoch = epoch.text};
}

// An entry is [id, [field, value, …]].
Result<PublicationPtr> Entry(const redis::Reply& reply, std::uint64_t& follows) {
  if (reply.elements.size() != 2) return Unexpected(reply);
  TM_TRY_ASSIGN(const std::uint64_t offset, Number(reply.elements[0].text));
  const std::vector<redis::Reply>& fields = reply.elements[1].elements;
  std::string_view record;
  follows = offset - 1;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text == "d") record = fields[i + 1].text;
    if (fields[i].text == "p") {
      TM_TRY_ASSIGN(follows, Number(fields[i + 1].text));
    }
  }
  TM_TRY_ASSIGN(Publication publication, DecodePublication(record));
  publication.offset = offset;
  return std::make_shared<const Publication>(std::move(publication));
}

Result<StreamRead> ReadOf(const redis::Reply& reply) {
  if (reply.elements.size() != 3) return Unexpected(reply);
  StreamRead read;
  TM_TRY_ASSIGN(read.top, Position(reply.elements[0], reply.elements[1]));
  for (const redis::Reply& element : reply.elements[2].elements) {
    std::uint64_t follows = 0;
    TM_TRY_ASSIGN(PublicationPtr publication, Entry(element, follows));
    if (read.publications.empty()) read.follows = follows;
    read.publications.push_back(std::move(publication));
  }
  return read;
}

Result<void> CheckKeys(const PublishOptions& options) {
  if (options.idempotency_key.size() > kPublishKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "the idempotency key is over 512 bytes");
  }
  if (options.version_epoch.size() > kPublishKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "the version epoch is over 512 bytes");
  }
  return {};
}

}  // namespace

Result<void> CheckReply(const redis::Reply& reply) {
  if (reply.is_error()) return Unexpected(reply);
  return {};
}

Task<Result<PublishOutcome>> StreamStore::Publish(ChannelName channel, Publication publication,
                                                  PublishOptions options) {
  TM_CO_TRY(CheckKeys(options));
  if (!options.stream.enabled()) {
    co_return co_await PublishUnstored(std::move(channel), std::move(publication),
                                       std::move(options.idempotency_key));
  }
  std::vector<std::string> keys = {keys_.Stream(channel), keys_.Meta(channel)};
  if (!options.idempotency_key.empty()) keys.push_back(keys_.PublishResult(channel, options.idempotency_key));
  std::vector<std::string> arguments = {EncodePublication(publication),
                                        std::to_string(options.stream.size),
                                        Ms(options.stream.ttl),
                                        Ms(options.stream.meta_ttl),
                                        keys_.PubSub(channel),
                                        RandomLetters(kEpochLetters),
                                        std::to_string(options.version),
                                        std::move(options.version_epoch),
                                        Ms(kIdempotencyTtl),
                                        publish_};
  const redis::Script& script = bugs_.reuse_offsets ? OffsetReusingPublishScript() : PublishScript();
  auto reply = co_await client_.Run(script, std::move(keys), std::move(arguments));
  if (!reply && bugs_.ack_before_append) co_return PublishOutcome{};
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->elements.size() != 3) co_return Unexpected(*reply);
  PublishOutcome outcome;
  TM_CO_TRY_ASSIGN(outcome.position, Position(reply->elements[0], reply->elements[1]));
  outcome.suppressed = reply->elements[2].integer == 1;
  co_return outcome;
}

Task<Result<PublishOutcome>> StreamStore::PublishUnstored(ChannelName channel, Publication publication,
                                                          std::string idempotency_key) {
  std::string message = EncodePublicationMessage(publication);
  if (idempotency_key.empty()) {
    TM_CO_TRY(co_await PublishMessage(std::move(channel), std::move(message)));
    co_return PublishOutcome{};
  }
  auto reply =
      co_await client_.Run(PublishUnstoredScript(), {keys_.PublishResult(channel, idempotency_key)},
                           {std::move(message), keys_.PubSub(channel), Ms(kIdempotencyTtl), publish_});
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (!reply->is_integer()) co_return Unexpected(*reply);
  co_return PublishOutcome{.position = {}, .suppressed = reply->integer == 1};
}

Task<Result<void>> StreamStore::PublishMessage(ChannelName channel, std::string message) {
  const std::string pub_sub = keys_.PubSub(channel);
  TM_CO_TRY_ASSIGN(const redis::Reply reply, co_await client_.Send(pub_sub, {publish_, pub_sub, message}));
  co_return CheckReply(reply);
}

Task<Result<StreamRead>> StreamStore::Read(ChannelName channel, ReadQuery query, Duration meta_ttl) {
  // No publication is before the first.
  if (query.reverse && query.since == 0) query = {.since = {}, .count = 0, .reverse = false};
  TM_CO_TRY_ASSIGN(const redis::Reply reply,
                   co_await client_.Run(ReadScript(), {keys_.Stream(channel), keys_.Meta(channel)},
                                        {RandomLetters(kEpochLetters), Ms(meta_ttl),
                                         query.since ? std::to_string(*query.since) : "",
                                         std::to_string(query.count), query.reverse ? "reverse" : ""}));
  co_return ReadOf(reply);
}

Task<Result<void>> StreamStore::Remove(ChannelName channel) {
  const std::string stream = keys_.Stream(channel);
  TM_CO_TRY_ASSIGN(const redis::Reply reply, co_await client_.Send(stream, {"DEL", stream}));
  co_return CheckReply(reply);
}

Task<Result<void>> StreamStore::BeginAnew(ChannelName channel, StreamPosition seen, Duration meta_ttl) {
  TM_CO_TRY_ASSIGN(
      const redis::Reply reply,
      co_await client_.Run(BeginAnewScript(), {keys_.Stream(channel), keys_.Meta(channel)},
                           {seen.epoch, std::to_string(seen.offset), RandomLetters(kEpochLetters),
                            Ms(meta_ttl), keys_.PubSub(channel), publish_}));
  co_return CheckReply(reply);
}

}  // namespace tidemill::broker::redis_broker
