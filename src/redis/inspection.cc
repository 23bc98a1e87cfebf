#include "redis/inspection.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "redis/connection/brief_connection.h"

namespace tidemill::redis {
namespace {

// The value of "name:value\r\n" in an answer to INFO; "" when it is not there.
std::string Field(std::string_view info, std::string_view name) {
  const std::string wanted = "\n" + std::string(name) + ":";
  const std::size_t found = info.find(wanted);
  if (found == info.npos) return "";
  const std::string_view rest = info.substr(found + wanted.size());
  return std::string(rest.substr(0, rest.find('\r')));
}

std::uint64_t NumberOf(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<Reply> Answered(Result<Reply> reply) {
  if (reply && reply->is_error()) return Fail(Errc::kRefused, reply->text);
  return reply;
}

Task<Result<void>> Ask(Connection& connection, Inspection& found) {
  TM_CO_TRY(Answered(co_await connection.Send({"PING"})));
  TM_CO_TRY_ASSIGN(const Reply info, Answered(co_await connection.Send({"INFO"})));
  const std::string text = "\n" + info.text;
  found.version = Field(text, "redis_version");
  found.mode = Field(text, "redis_mode");
  found.role = Field(text, "role");
  found.memory_max_bytes = NumberOf(Field(text, "maxmemory"));
  found.memory_used_bytes = NumberOf(Field(text, "used_memory"));
  found.eviction_policy = Field(text, "maxmemory_policy");
  // These only add to the rest: not every server knows them, nor lets everybody ask.
  const auto user = co_await connection.Send({"ACL", "WHOAMI"});
  if (user && user->is_text()) found.user = user->text;
  if (found.mode == "cluster") {
    const auto cluster = co_await connection.Send({"CLUSTER", "INFO"});
    if (cluster && cluster->is_text()) found.cluster_state = Field("\n" + cluster->text, "cluster_state");
  }
  co_return Result<void>();
}

Task<Result<void>> AskSentinel(Connection& connection, std::string master_name, Inspection& found) {
  TM_CO_TRY(co_await Ask(connection, found));
  TM_CO_TRY_ASSIGN(const Reply primary,
                   Answered(co_await connection.Send({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master_name})));
  if (primary.elements.size() != 2) co_return Fail(Errc::kNotFound, "does not know \"" + master_name + "\"");
  found.primary = primary.elements[0].text + ":" + primary.elements[1].text;
  co_return Result<void>();
}

}  // namespace

Task<Inspection> InspectServer(net::Loop& loop, Endpoint server, ConnectionOptions options,
                               Metrics& metrics) {
  Inspection found{.server = server.ToString()};
  auto opened = co_await Connection::Open(loop, std::move(server), std::move(options), metrics);
  if (!opened) {
    found.error = opened.error();
    co_return found;
  }
  const BriefConnection connection(loop, *std::move(opened));
  const auto asked = co_await Ask(*connection, found);
  if (!asked) found.error = asked.error();
  co_return found;
}

Task<Inspection> InspectSentinel(net::Loop& loop, Endpoint sentinel, std::string master_name,
                                 ConnectionOptions options, Metrics& metrics) {
  Inspection found{.server = sentinel.ToString()};
  options.db = 0;
  auto opened = co_await Connection::Open(loop, std::move(sentinel), std::move(options), metrics);
  if (!opened) {
    found.error = opened.error();
    co_return found;
  }
  const BriefConnection connection(loop, *std::move(opened));
  const auto asked = co_await AskSentinel(*connection, std::move(master_name), found);
  if (!asked) found.error = asked.error();
  co_return found;
}

}  // namespace tidemill::redis
