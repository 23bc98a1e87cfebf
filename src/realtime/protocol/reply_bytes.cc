#include "realtime/protocol/reply_bytes.h"

#include <algorithm>

namespace tidemill::protocol {
namespace {

// Field names, numbers and punctuation around a publication, a client's info, a whole result.
constexpr std::size_t kAroundPublication = 64;
constexpr std::size_t kAroundInfo = 64;
constexpr std::size_t kAroundTag = 6;
constexpr std::size_t kAroundResult = 256;

std::size_t BytesOf(const ClientInfo& info) {
  return kAroundInfo + info.user.size() + info.client.size() + info.conn_info.size() + info.chan_info.size();
}

// What they make of JSON that stands in a text: quotes, backslashes and its blanks but spaces are two bytes
// each.
std::size_t EscapesOf(std::string_view json) {
  return static_cast<std::size_t>(
      std::ranges::count_if(json, [](unsigned char c) { return c == '"' || c == '\\' || c < ' '; }));
}

std::size_t BytesOf(const Publication& publication) {
  std::size_t bytes =
      kAroundPublication + publication.data.size() + publication.key.size() + publication.epoch.size();
  if (publication.info) bytes += BytesOf(*publication.info);
  for (const auto& [name, value] : publication.tags) bytes += kAroundTag + name.size() + value.size();
  return bytes;
}

// `deltas` count with the data that they stand for.
std::size_t BytesOf(const SubscribeResult& result) {
  const DataAs as = result.data_as_text ? DataAs::kText : DataAs::kPayload;
  return kAroundResult + result.data.size() + ReplyBytes(result.publications, as) +
         ReplyBytes(result.state, as);
}
std::size_t BytesOf(const ConnectResult& result) {
  std::size_t bytes = kAroundResult + result.data.size();
  for (const auto& [channel, subscribed] : result.subs) bytes += channel.size() + BytesOf(subscribed);
  return bytes;
}
std::size_t BytesOf(const PresenceResult& result) { return kAroundResult + result.presence.size(); }
std::size_t BytesOf(const HistoryResult& result) { return kAroundResult + ReplyBytes(result.publications); }
std::size_t BytesOf(const SubRefreshResult& result) {
  return kAroundResult + ReplyBytes(result.items, result.data_as_text ? DataAs::kText : DataAs::kPayload);
}
std::size_t BytesOf(const RpcResult& result) { return kAroundResult + result.data.size(); }
template <class Small>
std::size_t BytesOf(const Small&) {
  return 0;
}

}  // namespace

std::size_t ReplyBytes(std::span<const PublicationPtr> publications, DataAs data) {
  std::size_t bytes = 0;
  for (const PublicationPtr& publication : publications) {
    bytes += BytesOf(*publication);
    if (data == DataAs::kText) bytes += EscapesOf(publication->data);
  }
  return bytes;
}

std::size_t ReplyBytes(std::span<const ClientInfoPtr> presence) {
  std::size_t bytes = 0;
  for (const ClientInfoPtr& info : presence) bytes += BytesOf(*info) + info->client.size();
  return bytes;
}

std::size_t ReplyBytes(const decltype(Reply::result)& result) {
  return std::visit([](const auto& held) { return BytesOf(held); }, result);
}

}  // namespace tidemill::protocol
