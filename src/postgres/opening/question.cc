#include "postgres/opening/question.h"

#include <optional>
#include <utility>

#include "postgres/opening/startup.h"
#include "postgres/protocol/frontend.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

constexpr std::uint32_t kNull = 0xffff'ffff;

std::vector<std::string> FieldsOf(std::string_view data_row) {
  BodyReader reader(data_row);
  std::vector<std::string> fields(reader.Uint16());
  for (std::string& field : fields) {
    if (reader.broken()) break;
    const std::uint32_t size = reader.Uint32();
    if (size != kNull) field = reader.Bytes(size);
  }
  return fields;
}

}  // namespace

Task<sql::Result<std::vector<std::string>>> AskForRow(Conversation& conversation, std::string query) {
  conversation.BeginQueries();
  std::string bytes;
  AppendQuery(bytes, query);
  conversation.Send(bytes);
  std::optional<std::vector<std::string>> row;
  std::optional<sql::Failure> failure;
  for (;;) {
    TM_CO_TRY_ASSIGN(const Conversation::Received received, co_await conversation.Next());
    if (received.type == 'E' && !failure) failure = FailureOf(received.body);
    if (received.type == 'D' && !row) row = FieldsOf(received.body);
    if (received.type == 'Z') break;
  }
  if (failure) co_return std::unexpected(*std::move(failure));
  if (!row || row->empty()) co_return sql::Fail(sql::FailureKind::kUnavailable, "the server gave no row");
  co_return *std::move(row);
}

}  // namespace tidemill::postgres
