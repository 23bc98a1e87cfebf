#include "redis/connection/incarnation.h"

#include <utility>

namespace tidemill::redis {
namespace {

// The value of "name:value\r\n".
Result<std::string> Field(std::string_view info, std::string_view name) {
  const std::string wanted = "\n" + std::string(name) + ":";
  const std::size_t found = info.find(wanted);
  if (found == std::string_view::npos) {
    return Fail(Errc::kInvalidArgument, "INFO has no " + std::string(name));
  }
  const std::string_view rest = info.substr(found + wanted.size());
  return std::string(rest.substr(0, rest.find('\r')));
}

}  // namespace

Result<ServerInfo> ServerInfo::Parse(std::string_view info) {
  ServerInfo server;
  TM_TRY_ASSIGN(server.run_id, Field(info, "run_id"));
  TM_TRY_ASSIGN(server.replication_id, Field(info, "master_replid"));
  TM_TRY_ASSIGN(const std::string role, Field(info, "role"));
  server.primary = role == "master";
  return server;
}

const Script& IncarnationScript() {
  static const Script script(R"lua(
local known = redis.call('HMGET', KEYS[1], 'run', 'replication', 'number')
if known[1] == ARGV[1] and known[2] == ARGV[2] then return tonumber(known[3]) end
local now = redis.call('TIME')
local number = now[1] * 1000 + math.floor(now[2] / 1000)
if known[3] and number <= tonumber(known[3]) then number = tonumber(known[3]) + 1 end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'replication', ARGV[2], 'number', string.format('%.0f', number))
return number
)lua");
  return script;
}

}  // namespace tidemill::redis
