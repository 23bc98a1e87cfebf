#include "realtime/broker/redis/record.h"

#include <charconv>
#include <utility>

#include "realtime/protocol/wire.h"

namespace tidemill::broker::redis_broker {
namespace {

using protocol::WireReader;
using protocol::WireStatus;
using protocol::WireWriter;

constexpr char kVersion = '1';

void Write(WireWriter& out, const ClientInfo& info) {
  out.Bytes(1, info.user);
  out.Bytes(2, info.client);
  out.Bytes(3, info.conn_info);
  out.Bytes(4, info.chan_info);
}

ClientInfo ReadClientInfo(std::string_view record, WireStatus& status) {
  ClientInfo info;
  WireReader reader(record, status);
  while (reader.Next()) {
    if (reader.field() == 1) info.user = reader.Bytes();
    if (reader.field() == 2) info.client = reader.Bytes();
    if (reader.field() == 3) info.conn_info = reader.Bytes();
    if (reader.field() == 4) info.chan_info = reader.Bytes();
  }
  return info;
}

std::pair<std::string, std::string> ReadTag(std::string_view record, WireStatus& status) {
  std::pair<std::string, std::string> tag;
  WireReader reader(record, status);
  while (reader.Next()) {
    if (reader.field() == 1) tag.first = reader.Bytes();
    if (reader.field() == 2) tag.second = reader.Bytes();
  }
  return tag;
}

std::unexpected<Error> Malformed(std::string_view what) {
  return Fail(Errc::kInvalidArgument, "malformed " + std::string(what));
}

// Removes a number and the ':' behind it from the front of `text`.
Result<std::uint64_t> TakeNumber(std::string_view& text) {
  const std::size_t end = text.find(':');
  if (end == std::string_view::npos) return Malformed("message");
  std::uint64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + end, number);
  if (error != std::errc() || at != text.data() + end) return Malformed("message");
  text.remove_prefix(end + 1);
  return number;
}

Result<Message> DecodePublicationMessage(std::string_view line, std::string_view record) {
  PublicationMessage message;
  TM_TRY_ASSIGN(message.position.offset, TakeNumber(line));
  TM_TRY_ASSIGN(message.follows, TakeNumber(line));
  message.position.epoch = line;
  TM_TRY_ASSIGN(message.publication, DecodePublication(record));
  message.publication.offset = message.position.offset;
  return message;
}

}  // namespace

std::string EncodePublication(const Publication& publication) {
  std::string record;
  WireWriter out(record);
  out.Bytes(1, publication.data);
  if (publication.info) out.Message(2, [&](WireWriter& inner) { Write(inner, *publication.info); });
  for (const auto& [key, value] : publication.tags) {
    out.Message(3, [&](WireWriter& inner) {
      inner.Bytes(1, key);
      inner.Bytes(2, value);
    });
  }
  out.Varint(4, publication.data_is_json ? 1 : 0);
  out.Bytes(5, publication.key);
  out.Varint(6, publication.removed ? 1 : 0);
  out.Varint(7, protocol::ZigZag(publication.score));
  out.Varint(8, static_cast<std::uint64_t>(publication.time_ms));
  out.Varint(9, publication.send_delta ? 1 : 0);
  return record;
}

Result<Publication> DecodePublication(std::string_view record) {
  Publication publication;
  WireStatus status;
  WireReader reader(record, status);
  while (reader.Next()) {
    if (reader.field() == 1) publication.data = reader.Bytes();
    if (reader.field() == 2) publication.info = ReadClientInfo(reader.Bytes(), status);
    if (reader.field() == 3) publication.tags.push_back(ReadTag(reader.Bytes(), status));
    if (reader.field() == 4) publication.data_is_json = reader.Bool();
    if (reader.field() == 5) publication.key = reader.Bytes();
    if (reader.field() == 6) publication.removed = reader.Bool();
    if (reader.field() == 7) publication.score = protocol::FromZigZag(reader.Integer<std::uint64_t>());
    if (reader.field() == 8) publication.time_ms = reader.Integer<std::int64_t>();
    if (reader.field() == 9) publication.send_delta = reader.Bool();
  }
  if (!status.ok()) return Malformed("publication");
  return publication;
}

std::string EncodeClientInfo(const ClientInfo& info) {
  std::string record;
  WireWriter out(record);
  Write(out, info);
  return record;
}

Result<ClientInfo> DecodeClientInfo(std::string_view record) {
  WireStatus status;
  ClientInfo info = ReadClientInfo(record, status);
  if (!status.ok()) return Malformed("client info");
  return info;
}

std::string EncodePublicationMessage(const Publication& publication) {
  return "1P0:0:\n" + EncodePublication(publication);
}
std::string EncodeJoinMessage(const ClientInfo& info) { return "1J\n" + EncodeClientInfo(info); }
std::string EncodeLeaveMessage(const ClientInfo& info) { return "1L\n" + EncodeClientInfo(info); }

Result<Message> DecodeMessage(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end < 2 || text[0] != kVersion) return Malformed("message");
  const std::string_view line = text.substr(2, end - 2);
  const std::string_view record = text.substr(end + 1);
  switch (text[1]) {
    case 'P': return DecodePublicationMessage(line, record);
    case 'J': {
      TM_TRY_ASSIGN(ClientInfo info, DecodeClientInfo(record));
      return JoinMessage{std::move(info)};
    }
    case 'L': {
      TM_TRY_ASSIGN(ClientInfo info, DecodeClientInfo(record));
      return LeaveMessage{std::move(info)};
    }
    case 'E': return EpochMessage{std::string(line)};
    default: return Malformed("message");
  }
}

}  // namespace tidemill::broker::redis_broker
