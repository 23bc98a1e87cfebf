// The messages that a client of PostgreSQL sends, appended to `out` (documentation, "Message Formats").
//
// Names and texts end at their first NUL on the wire, so that none may hold one: MayBeSent says so, and who
// takes them from elsewhere asks it. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sql/parameter.h"

namespace tidemill::postgres {

inline constexpr std::size_t kParametersMax = 65535;

bool MayBeSent(std::string_view text);

void AppendParse(std::string& out, std::string_view statement, std::string_view text,
                 std::span<const std::uint32_t> parameter_oids);

struct Binding {
  std::string_view portal;
  std::string_view statement;
  std::span<const sql::Parameter> parameters;  // kParametersMax at most
  // Of each column: 1 where its values are wanted in the binary format, else 0. Empty: all come as text.
  std::span<const std::uint8_t> result_formats;
};
// Parameters go as text, Bytes in the binary format.
void AppendBind(std::string& out, const Binding& binding);
// What AppendBind adds for one parameter, at most: for a limit.
std::size_t SizeOf(const sql::Parameter& parameter);

enum class Target : char { kStatement = 'S', kPortal = 'P' };
void AppendDescribe(std::string& out, Target target, std::string_view name);
void AppendClose(std::string& out, Target target, std::string_view name);
// `rows_max` 0: all.
void AppendExecute(std::string& out, std::string_view portal, std::uint32_t rows_max);
void AppendFlush(std::string& out);
void AppendSync(std::string& out);
void AppendQuery(std::string& out, std::string_view text);
void AppendCopyData(std::string& out, std::string_view data);
void AppendCopyDone(std::string& out);
void AppendCopyFail(std::string& out, std::string_view why);
void AppendTerminate(std::string& out);

// The only message of a connection of its own. `secret` as BackendKeyData gave it.
void AppendCancelRequest(std::string& out, std::int32_t process_id, std::string_view secret);

// In a CopyData: how far the WAL was received, and need not be kept.
struct StandbyStatus {
  std::uint64_t written = 0;
  std::uint64_t flushed = 0;
  std::uint64_t applied = 0;
  std::int64_t time_us = 0;  // since 2000-01-01
  bool reply_wanted = false;
};
void AppendStandbyStatus(std::string& out, const StandbyStatus& status);

}  // namespace tidemill::postgres
