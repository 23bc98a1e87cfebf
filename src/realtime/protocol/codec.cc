#include "realtime/protocol/codec.h"

#include <utility>

#include "realtime/protocol/json.h"
#include "realtime/protocol/protobuf.h"

namespace tidemill::protocol {
namespace {

// Of a push's punctuation, field names and numbers.
constexpr std::size_t kPushOverheadMax = 312;

// A byte of a text takes at most six: \u001f.
std::size_t TextBytesMax(std::string_view text) { return 6 * text.size(); }

// As it is, or in base64 between quotes.
std::size_t PayloadBytesMax(std::string_view payload) { return payload.size() + payload.size() / 3 + 6; }

std::size_t InfoBytesMax(const ClientInfo& info) {
  return TextBytesMax(info.user) + TextBytesMax(info.client) + PayloadBytesMax(info.conn_info) +
         PayloadBytesMax(info.chan_info);
}

}  // namespace

Result<std::optional<Command>> CommandReader::Next() {
  if (rest_.empty()) return std::nullopt;
  Result<Command> command = encoding_ == Encoding::kJson ? NextJson() : NextProtobuf();
  if (command) return std::move(*command);
  rest_ = {};
  return std::unexpected(std::move(command).error());
}

Result<Command> CommandReader::NextJson() {
  const std::string_view line = rest_.substr(0, rest_.find('\n'));
  const std::size_t position = Position();
  rest_.remove_prefix(line.size());
  if (!rest_.empty()) rest_.remove_prefix(1);
  Result<Command> command = DecodeJsonCommand(line);
  if (!command) {
    std::string& detail = command.error().detail;
    detail = "command at byte " + std::to_string(position) + ", " + detail;
  }
  return command;
}

Result<Command> CommandReader::NextProtobuf() {
  WireStatus status;
  const std::string_view message = TakeDelimited(rest_, status);
  Command command = DecodeProtobufCommand(message, status);
  if (status.ok()) return command;
  return Fail(Errc::kInvalidArgument,
              "byte " + std::to_string(status.at - frame_.data()) + ": " + status.what);
}

Result<ConnectRequest> ReadConnectRequest(std::string_view json) { return DecodeJsonConnect(json); }

Result<EmulationRequest> ReadEmulationRequest(Encoding encoding, std::string_view body) {
  if (encoding == Encoding::kJson) return DecodeJsonEmulation(body);
  WireStatus status;
  EmulationRequest request = DecodeProtobufEmulation(body, status);
  if (status.ok()) return request;
  return Fail(Errc::kInvalidArgument, "byte " + std::to_string(status.at - body.data()) + ": " + status.what);
}

void AppendReply(Encoding encoding, const Reply& reply, std::string& out) {
  return encoding == Encoding::kJson ? AppendJsonReply(reply, out) : AppendProtobufReply(reply, out);
}

void AppendPush(Encoding encoding, const Push& push, std::string& out, Direction direction) {
  if (encoding == Encoding::kJson) return AppendJsonPush(push, direction, out);
  AppendProtobufPush(push, direction, out);
}

void AppendPublicationPush(Encoding encoding, std::string_view channel, const Publication& publication,
                           std::string& out, Direction direction) {
  if (encoding == Encoding::kJson) return AppendJsonPublicationPush(channel, publication, direction, out);
  AppendProtobufPublicationPush(channel, publication, direction, out);
}

void AppendDeltaPush(Encoding encoding, std::string_view channel, const PublicationDelta& publication,
                     std::string& out, Direction direction) {
  if (encoding == Encoding::kJson) return AppendJsonDeltaPush(channel, publication, direction, out);
  AppendProtobufDeltaPush(channel, publication, direction, out);
}

void PresenceEncoder::Append(const ClientInfo& info) {
  if (encoding_ == Encoding::kJson) return AppendJsonPresence(info, bytes_);
  AppendProtobufPresence(info, bytes_);
}

PresenceResult PresenceEncoder::Finish() {
  if (encoding_ == Encoding::kJson && !bytes_.empty()) bytes_ += '}';
  return {.presence = std::move(bytes_)};
}

std::size_t InfoPushBytesMax(std::string_view channel, const ClientInfo& info) {
  return kPushOverheadMax + TextBytesMax(channel) + InfoBytesMax(info);
}

std::size_t PublicationBytesMax(std::string_view channel, const Publication& publication) {
  std::size_t bytes = kPushOverheadMax + TextBytesMax(channel) + publication.data.size() +
                      TextBytesMax(publication.key) + TextBytesMax(publication.epoch);
  if (publication.info) bytes += InfoBytesMax(*publication.info);
  for (const auto& [name, value] : publication.tags) {
    bytes += 16 + TextBytesMax(name) + TextBytesMax(value);
  }
  return bytes;
}

void AppendPing(Encoding encoding, std::string& out) {
  if (encoding == Encoding::kJson) {
    out += "{}";
  } else {
    out += '\0';
  }
}

}  // namespace tidemill::protocol
