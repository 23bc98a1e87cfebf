#include "postgres/protocol/backend.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

// 0 when it is no number.
template <class T>
T Number(std::string_view text) {
  T value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size() ? value : T{0};
}

void TakeField(ServerMessage& message, char field, std::string_view value) {
  sql::Failure& failure = message.failure;
  switch (field) {
    case 'S':
      if (message.severity.empty()) message.severity = value;
      break;
    case 'V': message.severity = value; break;
    case 'C': failure.code = value; break;
    case 'M': failure.message = value; break;
    case 'D': failure.detail = value; break;
    case 'H': failure.hint = value; break;
    case 'P': failure.position = Number<std::uint32_t>(value); break;
    case 't': failure.table = value; break;
    case 'c': failure.column = value; break;
    case 'n': failure.constraint = value; break;
    case 'R': message.routine = value; break;
    default: break;  // "Since more field types might be added in future, ignore" those unknown
  }
}

}  // namespace

Result<ServerMessage> ParseServerMessage(std::string_view body) {
  BodyReader reader(body);
  ServerMessage message;
  while (const char field = static_cast<char>(reader.Uint8())) {
    const std::string_view value = reader.String();
    if (reader.broken()) break;
    TakeField(message, field, value);
  }
  TM_TRY(reader.Finish("an error message"));
  message.failure.kind = sql::KindOfSqlState(message.failure.code);
  return message;
}

Result<std::vector<ColumnDescription>> ParseRowDescription(std::string_view body) {
  BodyReader reader(body);
  const std::size_t count = reader.Uint16();
  std::vector<ColumnDescription> columns;
  columns.reserve(std::min(count, body.size() / 19));
  for (std::size_t i = 0; i < count && !reader.broken(); ++i) {
    ColumnDescription& column = columns.emplace_back();
    column.name = reader.String();
    column.table_oid = reader.Uint32();
    column.attribute = static_cast<std::int16_t>(reader.Uint16());
    column.type_oid = reader.Uint32();
    column.type_bytes = static_cast<std::int16_t>(reader.Uint16());
    column.modifier = reader.Int32();
    const std::uint16_t format = reader.Uint16();
    if (format > 1) return Fail(Errc::kInvalidArgument, "a column of an unknown format");
    column.is_binary = format == 1;
  }
  TM_TRY(reader.Finish("a row description"));
  return columns;
}

Result<std::vector<std::uint32_t>> ParseParameterDescription(std::string_view body) {
  BodyReader reader(body);
  const std::size_t count = reader.Uint16();
  if (reader.left() != count * 4) return Fail(Errc::kInvalidArgument, "a parameter description's length");
  std::vector<std::uint32_t> oids(count);
  for (std::uint32_t& oid : oids) oid = reader.Uint32();
  TM_TRY(reader.Finish("a parameter description"));
  return oids;
}

Result<void> ParseDataRow(std::string_view body, std::span<const sql::Kind> kinds, Slots& slots) {
  if (body.size() < 2 || GetUint16(body.data()) != kinds.size()) {
    return Fail(Errc::kInvalidArgument, "a row with another number of fields than columns");
  }
  slots.resize(kinds.size());
  std::size_t at = 2;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (body.size() - at < 4) return Fail(Errc::kInvalidArgument, "a row is too short");
    const std::uint32_t bytes = GetUint32(body.data() + at);
    at += 4;
    if (bytes == 0xffffffff) {
      slots[i] = {};
      continue;
    }
    if (bytes > body.size() - at) return Fail(Errc::kInvalidArgument, "a row is too short");
    slots[i] = {.offset = static_cast<std::uint32_t>(at), .bytes = bytes, .kind = kinds[i]};
    at += bytes;
  }
  if (at != body.size()) return Fail(Errc::kInvalidArgument, "a row is too long");
  return {};
}

std::uint64_t CommandTag::rows_affected() const {
  const bool counts = command == "INSERT" || command == "UPDATE" || command == "DELETE" || command == "MERGE";
  return counts ? rows : 0;
}

Result<CommandTag> ParseCommandComplete(std::string_view body) {
  BodyReader reader(body);
  std::string_view text = reader.String();
  TM_TRY(reader.Finish("a command tag"));
  CommandTag tag{.command = text};
  const std::size_t space = text.rfind(' ');
  if (space == text.npos || space + 1 == text.size()) return tag;
  const std::string_view number = text.substr(space + 1);
  if (!std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) return tag;
  tag.rows = Number<std::uint64_t>(number);
  tag.command = text.substr(0, space);
  if (tag.command == "INSERT 0") tag.command = "INSERT";  // the 0 was once an OID
  return tag;
}

Result<TransactionStatus> ParseReadyForQuery(std::string_view body) {
  switch (body.size() == 1 ? body[0] : '\0') {
    case 'I': return TransactionStatus::kIdle;
    case 'T': return TransactionStatus::kOpen;
    case 'E': return TransactionStatus::kFailed;
    default: break;
  }
  return Fail(Errc::kInvalidArgument, "an unknown transaction status");
}

Result<Notification> ParseNotification(std::string_view body) {
  BodyReader reader(body);
  Notification notification;
  notification.process_id = reader.Int32();
  notification.channel = reader.String();
  notification.payload = reader.String();
  TM_TRY(reader.Finish("a notification"));
  return notification;
}

Result<ParameterStatus> ParseParameterStatus(std::string_view body) {
  BodyReader reader(body);
  ParameterStatus status;
  status.name = reader.String();
  status.value = reader.String();
  TM_TRY(reader.Finish("a parameter status"));
  return status;
}

Result<CopyResponse> ParseCopyResponse(std::string_view body) {
  BodyReader reader(body);
  CopyResponse response;
  const std::uint8_t format = reader.Uint8();
  const std::size_t count = reader.Uint16();
  if (format > 1 || reader.left() != count * 2) return Fail(Errc::kInvalidArgument, "a copy response's form");
  response.is_binary = format == 1;
  for (std::size_t i = 0; i < count; ++i) response.binary_columns.push_back(reader.Uint16() == 1);
  TM_TRY(reader.Finish("a copy response"));
  return response;
}

}  // namespace tidemill::postgres
