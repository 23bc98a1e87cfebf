// What a PostgreSQL server says, by message: the bodies that a MessageReader gave, taken apart
// (documentation, "Message Formats").
//
// Each function's error is kInvalidArgument: the body is not of that form. Views point into the body. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/frame_memory.h"
#include "sql/failure.h"
#include "sql/rows.h"

namespace tidemill::postgres {

// ErrorResponse or NoticeResponse.
struct ServerMessage {
  std::string severity;  // never translated: "ERROR", "FATAL", "WARNING", "NOTICE"
  std::string routine;   // in the server's source: what tells errors of one code apart, in every language
  sql::Failure failure;  // its effect is kNone: what failed was rolled back
};
Result<ServerMessage> ParseServerMessage(std::string_view body);

struct ColumnDescription {
  std::string name;
  std::uint32_t table_oid = 0;
  std::int16_t attribute = 0;
  std::uint32_t type_oid = 0;
  std::int16_t type_bytes = 0;  // negative: they vary
  std::int32_t modifier = -1;
  bool is_binary = false;
  friend bool operator==(const ColumnDescription&, const ColumnDescription&) = default;
};
Result<std::vector<ColumnDescription>> ParseRowDescription(std::string_view body);
Result<std::vector<std::uint32_t>> ParseParameterDescription(std::string_view body);

// Of a row at hand.
using Slots = std::vector<sql::Row::Slot, FrameAllocator<sql::Row::Slot>>;
// Puts the fields into `slots`, whose offsets count from the body's beginning. `kinds` are the columns';
// there must be as many fields.
Result<void> ParseDataRow(std::string_view body, std::span<const sql::Kind> kinds, Slots& slots);

struct CommandTag {
  std::string_view command;  // "INSERT", "CREATE TABLE"
  std::uint64_t rows = 0;    // 0 where the command counts none
  // Inserted, updated or deleted.
  std::uint64_t rows_affected() const;
};
Result<CommandTag> ParseCommandComplete(std::string_view body);

enum class TransactionStatus : char { kIdle = 'I', kOpen = 'T', kFailed = 'E' };
Result<TransactionStatus> ParseReadyForQuery(std::string_view body);

struct Notification {
  std::int32_t process_id = 0;
  std::string_view channel;
  std::string_view payload;
};
Result<Notification> ParseNotification(std::string_view body);

struct ParameterStatus {
  std::string_view name;
  std::string_view value;
};
Result<ParameterStatus> ParseParameterStatus(std::string_view body);

// CopyInResponse, CopyOutResponse, CopyBothResponse.
struct CopyResponse {
  bool is_binary = false;
  std::vector<bool> binary_columns;
};
Result<CopyResponse> ParseCopyResponse(std::string_view body);

}  // namespace tidemill::postgres
