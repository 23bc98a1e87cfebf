#include "realtime/broker/map_broker.h"

#include <algorithm>
#include <charconv>

namespace tidemill::broker {

Result<void> CheckMapKey(std::string_view key, std::string_view idempotency_key) {
  if (key.empty() || key.size() > kMapKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "the key is empty or over 4096 bytes");
  }
  if (idempotency_key.size() > kPublishKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "the idempotency key is over 512 bytes");
  }
  return {};
}

Result<void> CheckMapPublish(const Publication& publication, const MapPublishOptions& options) {
  TM_TRY(CheckMapKey(publication.key, options.idempotency_key));
  if (publication.score > kMapScoreMax || publication.score < -kMapScoreMax) {
    return Fail(Errc::kInvalidArgument, "the score is over 2^53");
  }
  if (options.version_epoch.size() > kPublishKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "the version epoch is over 512 bytes");
  }
  if (options.version > 0 && !options.map.stream.enabled()) {
    return Fail(Errc::kInvalidArgument, "versions need a channel that keeps a stream");
  }
  return {};
}

std::string MapCursor(const Publication& last, bool ordered) {
  if (!ordered) return last.key;
  std::string cursor = std::to_string(last.score);
  cursor.push_back('\0');
  return cursor + last.key;
}

OrderedCursor ParseOrderedCursor(std::string_view cursor) {
  const std::size_t end = cursor.find('\0');
  OrderedCursor parsed;
  std::from_chars(cursor.data(), cursor.data() + std::min(end, cursor.size()), parsed.score);
  if (end != std::string_view::npos) parsed.key = cursor.substr(end + 1);
  return parsed;
}

std::size_t MapEntryBytes(const Publication& publication) {
  std::size_t bytes = publication.key.size() + publication.data.size();
  for (const auto& [name, value] : publication.tags) bytes += name.size() + value.size();
  if (publication.info) {
    const ClientInfo& info = *publication.info;
    bytes += info.user.size() + info.client.size() + info.conn_info.size() + info.chan_info.size();
  }
  return bytes;
}

}  // namespace tidemill::broker
