#include "realtime/methods/access.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "api/params.h"
#include "net/loop.h"
#include "realtime/methods/target.h"

namespace tidemill::methods {
namespace {

constexpr std::string_view kAccessDetails =
    "With several nodes it is answered when every node has acted; code 100 says that one has not within a "
    "second, those that could be reached have. Kept in Redis where Redis is the broker, else it holds until "
    "the "
    "server ends. Code 106: access.entries_max decisions hold already. A field that is not known is refused "
    "with code 107, and so is a time that has passed.";

constexpr std::string_view kBlockSchema = R"json({
  "type": "object",
  "properties": {
    "user": {"type": "string", "minLength": 1, "maxLength": 1024},
    "expire_at": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "Until when, in seconds since the Unix epoch; 0: until it is unblocked."
    }
  },
  "required": ["user"]
})json";

constexpr std::string_view kUnblockSchema = R"json({
  "type": "object",
  "properties": {"user": {"type": "string", "minLength": 1, "maxLength": 1024}},
  "required": ["user"]
})json";

constexpr std::string_view kRevokeSchema = R"json({
  "type": "object",
  "properties": {
    "uid": {"type": "string", "minLength": 1, "maxLength": 1024, "description": "The token's claim jti."},
    "expire_at": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "When the token has expired, in seconds since the Unix epoch; 0: it never is."
    }
  },
  "required": ["uid"]
})json";

constexpr std::string_view kInvalidateSchema = R"json({
  "type": "object",
  "properties": {
    "user": {"type": "string", "minLength": 1, "maxLength": 1024},
    "issued_before": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "Concerns tokens whose claim iat is earlier, or absent. 0: now."
    },
    "channel": {
      "type": "string",
      "maxLength": 1024,
      "description": "Only tokens of subscriptions to this channel; else only tokens of connections."
    },
    "expire_at": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "When it may be forgotten, in seconds since the Unix epoch; 0: never."
    }
  },
  "required": ["user"]
})json";

struct AccessParams {
  std::span<const std::string_view> known;  // fields; the first names the subject
  access::Entry entry;
  std::optional<std::string> unknown_field;  // the first
};
// One type for each method: they know other fields.
struct BlockParams : AccessParams {};
struct UnblockParams : AccessParams {};
struct RevokeParams : AccessParams {};
struct InvalidateParams : AccessParams {};

constexpr std::string_view kBlockFields[] = {"user", "expire_at"};
constexpr std::string_view kUnblockFields[] = {"user"};
constexpr std::string_view kRevokeFields[] = {"uid", "expire_at"};
constexpr std::string_view kInvalidateFields[] = {"user", "issued_before", "channel", "expire_at"};

void ReadFields(JsonReader& json, std::span<const std::string_view> known, AccessParams& params) {
  params.known = known;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (std::ranges::find(known, *key) == known.end()) {
      if (!params.unknown_field) params.unknown_field = std::string(*key);
    } else if (*key == "user" || *key == "uid") {
      api::ReadParam(json, params.entry.subject);
    } else if (*key == "channel") {
      api::ReadParam(json, params.entry.channel);
    } else if (*key == "issued_before") {
      api::ReadParam(json, params.entry.issued_before);
    } else {
      api::ReadParam(json, params.entry.expire_at);
    }
  }
}

void Read(JsonReader& json, BlockParams& params) { ReadFields(json, kBlockFields, params); }
void Read(JsonReader& json, UnblockParams& params) {
  params.entry.lifted = true;
  ReadFields(json, kUnblockFields, params);
}
void Read(JsonReader& json, RevokeParams& params) {
  params.entry.kind = access::Kind::kToken;
  ReadFields(json, kRevokeFields, params);
}
void Read(JsonReader& json, InvalidateParams& params) {
  params.entry.kind = access::Kind::kUserTokens;
  ReadFields(json, kInvalidateFields, params);
}

std::unexpected<api::Failure> Bad(std::string why) {
  return std::unexpected(api::Failure(protocol::kErrorBadRequest, std::move(why)));
}

std::expected<access::Entry, api::Failure> Checked(AccessParams params, WallTime now) {
  if (params.unknown_field) return std::unexpected(api::UnknownField(*params.unknown_field, params.known));
  access::Entry& entry = params.entry;
  const std::string subject(params.known.front());
  if (entry.subject.empty()) return Bad("no " + subject);
  if (entry.subject.size() > access::kNameBytesMax) return Bad("the " + subject + " is over 1024 bytes");
  if (entry.channel.size() > access::kNameBytesMax) return Bad("the channel is over 1024 bytes");
  if (entry.issued_before < 0) return Bad("issued_before is before 1970");
  if (entry.expire_at < 0 || (entry.expire_at > 0 && entry.expire_at <= now.ms / 1000)) {
    return Bad("expire_at has passed: it is in seconds since 1970");
  }
  if (entry.kind == access::Kind::kUserTokens && entry.issued_before == 0) {
    entry.issued_before = now.ms / 1000;
  }
  return std::move(entry);
}

// First what keeps it, so that no node forgets what was answered.
Task<api::Outcome> Decide(Services& services, JsonName method, AccessParams params) {
  const WallTime now = net::Loop::Current()->clock().WallNow();
  TM_CO_TRY_ASSIGN(access::Entry entry, Checked(std::move(params), now));
  entry.decided_at = services.access.DecidedAt(entry, now);
  Result<void> done = services.access.MayAdd(entry, now);
  if (done && services.access_store) done = co_await services.access_store->Save({entry});
  if (!done) co_return std::unexpected(CodeOfDirectory(method.text, done.error()));
  co_return co_await Apply(services.directory, method.text, {}, control::ChangeAccess{std::move(entry)});
}

Task<api::Outcome> Block(Services& services, BlockParams params) {
  return Decide(services, "block_user", std::move(params));
}
Task<api::Outcome> Unblock(Services& services, UnblockParams params) {
  return Decide(services, "unblock_user", std::move(params));
}
Task<api::Outcome> Revoke(Services& services, RevokeParams params) {
  return Decide(services, "revoke_token", std::move(params));
}
Task<api::Outcome> Invalidate(Services& services, InvalidateParams params) {
  return Decide(services, "invalidate_user_tokens", std::move(params));
}

}  // namespace

std::vector<api::Method> AccessMethods(Services& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      api::MakeMethod("block_user", kChanges, services, Block,
                      {.summary = "Close a user's connections, and let it connect no more.",
                       .details = kAccessDetails,
                       .params = kBlockSchema}),
      api::MakeMethod(
          "unblock_user", kChanges, services, Unblock,
          {.summary = "Let a user connect again.", .details = kAccessDetails, .params = kUnblockSchema}),
      api::MakeMethod("revoke_token", kChanges, services, Revoke,
                      {.summary = "End what a token was used for, and take it no more.",
                       .details = kAccessDetails,
                       .params = kRevokeSchema}),
      api::MakeMethod("invalidate_user_tokens", kChanges, services, Invalidate,
                      {.summary = "The same with all tokens of a user that were issued before a time.",
                       .details = kAccessDetails,
                       .params = kInvalidateSchema}),
  };
}

}  // namespace tidemill::methods
