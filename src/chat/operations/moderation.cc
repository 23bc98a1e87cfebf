#include "chat/operations/moderation.h"

#include <utility>

#include "chat/operations/answers.h"
#include "chat/operations/applied.h"
#include "chat/operations/room_changes.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kMemberSchema =
    R"({"type":"object","properties":{"member":{"$ref":"#/components/schemas/Member"}}})";
constexpr std::string_view kUntilDoc = "When it ends, in ms since 1970; without it, when it is lifted.";

// A time that is not over, and not so far away that it could not be shown.
Outcome<std::optional<WallTime>> UntilOf(Services& services, const std::optional<std::int64_t>& until) {
  if (!until) return std::nullopt;
  const WallTime at{*until};
  if (at > services.loop.clock().WallNow() && at < kForEver) return at;
  return Refuse(Code::kInvalid,
                "until must be later than now and earlier than the year 2100, in ms since 1970", "until");
}

Outcome<> CheckReason(std::string_view reason) {
  if (reason.size() <= ModerationStore::kReasonBytesMax) return {};
  return Refuse(Code::kTooLong, "reason has at most 1,000 bytes", "reason");
}

Task<Outcome<Acting>> AllowModeration(Services& services, RoomId room, Actor actor) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, room, actor));
  co_return Allow(Action::kModerate, view, actor);
}

// mute, unmute

struct MuteMember {
  RoomId room_id;
  std::string user_id;
  std::optional<std::int64_t> until;
};
constexpr Field<MuteMember> kMuteMember[] = {Path<&MuteMember::room_id>("room_id", ""),
                                             Path<&MuteMember::user_id>("user_id", ""),
                                             Body<&MuteMember::until>("until", kUntilDoc)};

Task<Outcome<Answer>> Mute(Services& services, Actor actor, MuteMember params) {
  TM_CO_TRY_ASSIGN(const std::optional<WallTime> until, UntilOf(services, params.until));
  TM_CO_TRY_ASSIGN(Acting acting, co_await AllowModeration(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const Member member,
                   co_await services.rooms.Write(
                       services.loop, params.room_id,
                       MutesMember(std::move(acting), std::move(params.user_id), until.value_or(kForEver))));
  co_return AnswerWith("member", member);
}

struct OfMember {
  RoomId room_id;
  std::string user_id;
};
constexpr Field<OfMember> kOfMember[] = {Path<&OfMember::room_id>("room_id", ""),
                                         Path<&OfMember::user_id>("user_id", "")};

Task<Outcome<Answer>> Unmute(Services& services, Actor actor, OfMember params) {
  TM_CO_TRY_ASSIGN(Acting acting, co_await AllowModeration(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(
      const Member member,
      co_await services.rooms.Write(services.loop, params.room_id,
                                    MutesMember(std::move(acting), std::move(params.user_id), WallTime{})));
  co_return AnswerWith("member", member);
}

// bans

struct ListBansOf {
  RoomId room_id;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListBansOf> kListBans[] = {Path<&ListBansOf::room_id>("room_id", ""),
                                           Query<&ListBansOf::cursor>("cursor", "Of the page before."),
                                           Query<&ListBansOf::limit>("limit", "1 to 200; 50.")};

Task<Outcome<Answer>> ListBans(Services& services, Actor actor, ListBansOf params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 50, 200));
  TM_CO_TRY(co_await AllowModeration(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const PageOf<Ban> page, co_await services.store.moderation().ListBans(
                                               params.room_id, std::move(params.cursor), limit));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "bans", page.items);
                     WriteCursor(json, page.cursor);
                   })};
}

struct BanUser {
  RoomId room_id;
  std::string user_id;
  std::optional<std::int64_t> until;
  std::string reason;
};
constexpr Field<BanUser> kBanUser[] = {
    Path<&BanUser::room_id>("room_id", ""), Path<&BanUser::user_id>("user_id", ""),
    Body<&BanUser::until>("until", kUntilDoc),
    Body<&BanUser::reason>("reason", "At most 1,000 bytes; whoever is banned is told.")};

Task<Outcome<Answer>> AddBan(Services& services, Actor actor, BanUser params) {
  TM_CO_TRY(CheckReason(params.reason));
  Ban ban{.room_id = params.room_id,
          .user_id = std::move(params.user_id),
          .until = std::nullopt,
          .reason = std::move(params.reason),
          .banned_by = actor.user.id,
          .created_at = services.loop.clock().WallNow()};
  TM_CO_TRY_ASSIGN(ban.until, UntilOf(services, params.until));
  TM_CO_TRY_ASSIGN(Acting acting, co_await AllowModeration(services, params.room_id, actor));
  TM_CO_TRY(co_await services.rooms.Write(services.loop, params.room_id, BansUser(std::move(acting), ban)));
  co_return AnswerWith("ban", ban);
}

Task<Outcome<Answer>> RemoveBan(Services& services, Actor actor, OfMember params) {
  TM_CO_TRY_ASSIGN(Acting acting, co_await AllowModeration(services, params.room_id, actor));
  TM_CO_TRY(co_await services.store.moderation().RemoveBan(std::move(acting), params.room_id,
                                                           std::move(params.user_id)));
  co_return NoContent();
}

// flags

// To the moderators of the room who are in it, but not to whoever wrote the message.
Task<void> TellModerators(Services& services, RoomId room, std::string author, std::string event) {
  auto moderators = co_await services.store.moderation().ListModerators(room);
  if (!moderators) co_return;
  std::erase(*moderators, author);
  services.courier.SpawnToEach({.users = *std::move(moderators), .event = std::move(event)});
}

struct FlagMessage {
  MessageId message_id;
  std::string reason;
};
constexpr Field<FlagMessage> kFlagMessage[] = {
    Path<&FlagMessage::message_id>("message_id", ""),
    Body<&FlagMessage::reason>("reason", "For the moderators, at most 1,000 bytes.")};

Task<Outcome<Answer>> AddFlag(Services& services, Actor actor, FlagMessage params) {
  TM_CO_TRY(CheckReason(params.reason));
  TM_CO_TRY_ASSIGN(const SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kFlag, seen.view, actor));
  TM_CO_TRY_ASSIGN(const AddedFlag added,
                   co_await services.store.moderation().AddFlag(std::move(acting), params.message_id,
                                                                std::move(params.reason)));
  const Flag& flag = added.flag;
  if (!added.is_new) co_return AnswerWith("flag", flag, 201);
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Key("flag");
    Write(json, FlaggedMessage{.flag = flag, .message = seen.message});
  });
  co_await TellModerators(services, flag.room_id, flag.author,
                          EventNow(services.loop, "flag.added", flag.room_id, data));
  co_return AnswerWith("flag", flag, 201);
}

struct Moderated {
  RoomId room_id;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<Moderated> kModerated[] = {
    Query<&Moderated::room_id>("room_id", "Of that room; without it, of all rooms that one moderates."),
    Query<&Moderated::cursor>("cursor", "Of the page before."),
    Query<&Moderated::limit>("limit", "1 to 100; 50.")};

// Without a room there is nothing to be refused: whoever moderates none gets an empty list.
Task<Outcome<ModerationQuery>> QueryOf(Services& services, Actor actor, Moderated params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 50, 100));
  if (params.room_id.value() != 0) TM_CO_TRY(co_await AllowModeration(services, params.room_id, actor));
  co_return ModerationQuery{.user = actor.user.id,
                            .by_workspace_role = actor.user.role >= WorkspaceRole::kAdmin,
                            .room = params.room_id,
                            .cursor = std::move(params.cursor),
                            .limit = limit};
}

Task<Outcome<Answer>> ListFlags(Services& services, Actor actor, Moderated params) {
  TM_CO_TRY_ASSIGN(ModerationQuery query, co_await QueryOf(services, std::move(actor), std::move(params)));
  TM_CO_TRY_ASSIGN(const PageOf<FlaggedMessage> page,
                   co_await services.store.moderation().ListOpenFlags(std::move(query)));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "flags", page.items);
                     WriteCursor(json, page.cursor);
                   })};
}

struct OfFlag {
  FlagId flag_id;
};
constexpr Field<OfFlag> kOfFlag[] = {Path<&OfFlag::flag_id>("flag_id", "")};

// To whoever may not moderate its room a flag is not there.
Task<Outcome<Answer>> ResolveFlag(Services& services, Actor actor, OfFlag params) {
  TM_CO_TRY_ASSIGN(const std::optional<Flag> flag,
                   co_await services.store.moderation().FindFlag(params.flag_id));
  Outcome<Acting> acting = Refuse(Code::kNotFound, "");
  if (flag && flag->author != actor.user.id)
    acting = co_await AllowModeration(services, flag->room_id, actor);
  if (!acting && acting.error().code == Code::kUnavailable) co_return std::unexpected(acting.error());
  if (!acting) co_return Refuse(Code::kNotFound, "there is no such open flag");
  TM_CO_TRY(co_await services.store.moderation().ResolveFlag(*std::move(acting), params.flag_id));
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Member("flag_id", ToText(flag->id));
    json.Member("message_id", ToText(flag->message_id));
    json.Member("resolved_by", actor.user.id);
  });
  co_await TellModerators(services, flag->room_id, flag->author,
                          EventNow(services.loop, "flag.resolved", flag->room_id, data));
  co_return NoContent();
}

// audit

Task<Outcome<Answer>> ListAudit(Services& services, Actor actor, Moderated params) {
  TM_CO_TRY_ASSIGN(ModerationQuery query, co_await QueryOf(services, std::move(actor), std::move(params)));
  TM_CO_TRY_ASSIGN(const PageOf<AuditEntry> page,
                   co_await services.store.moderation().ListAudit(std::move(query)));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "entries", page.items);
                     WriteCursor(json, page.cursor);
                   })};
}

std::vector<Operation> MutesAndBans(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "members.mute",
                     .method = kPut,
                     .path = "/rooms/{room_id}/members/{user_id}/mute",
                     .effect = Effect::kChanges,
                     .summary = "Mutes a member, who reads but neither sends nor edits; moderators and up",
                     .result = kMemberSchema},
                    services, kMuteMember, Mute),
      MakeOperation({.name = "members.unmute",
                     .method = kDelete,
                     .path = "/rooms/{room_id}/members/{user_id}/mute",
                     .effect = Effect::kChanges,
                     .summary = "Lets a member write again",
                     .result = kMemberSchema},
                    services, kOfMember, Unmute),
      MakeOperation({.name = "bans.list",
                     .method = kGet,
                     .path = "/rooms/{room_id}/bans",
                     .summary = "Who is banned from a room, by user id; for its moderators",
                     .result = R"({"type":"object","properties":{"bans":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Ban"}},
                                  "cursor":{"type":["string","null"]}}})"},
                    services, kListBans, ListBans),
      MakeOperation(
          {.name = "bans.add",
           .method = kPut,
           .path = "/rooms/{room_id}/bans/{user_id}",
           .effect = Effect::kChanges,
           .summary = "Removes somebody, ends their subscriptions at once, and keeps them from reading, "
                      "following and joining",
           .result = R"({"type":"object","properties":{"ban":{"$ref":"#/components/schemas/Ban"}}})"},
          services, kBanUser, AddBan),
      MakeOperation({.name = "bans.remove",
                     .method = kDelete,
                     .path = "/rooms/{room_id}/bans/{user_id}",
                     .effect = Effect::kChanges,
                     .summary = "Lifts a ban; they may join again",
                     .result = "",
                     .status = 204},
                    services, kOfMember, RemoveBan),
  };
}

std::vector<Operation> FlagsAndAudit(Services& services) {
  using enum http::Method;
  return {
      MakeOperation(
          {.name = "messages.flag",
           .method = kPost,
           .path = "/messages/{message_id}/flags",
           .effect = Effect::kChanges,
           .summary = "Reports a message to the room's moderators; once for each user, the first stays",
           .result = R"({"type":"object","properties":{"flag":{"$ref":"#/components/schemas/Flag"}}})",
           .status = 201},
          services, kFlagMessage, AddFlag),
      MakeOperation({.name = "flags.list",
                     .method = kGet,
                     .path = "/flags",
                     .summary = "Open flags of the rooms that one moderates, the newest first, each with its "
                                "message",
                     .result = R"({"type":"object","properties":{"flags":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Flag"}},
                                  "cursor":{"type":["string","null"]}}})"},
                    services, kModerated, ListFlags),
      MakeOperation({.name = "flags.resolve",
                     .method = kPost,
                     .path = "/flags/{flag_id}/resolve",
                     .effect = Effect::kChanges,
                     .summary = "Closes a flag; 404 if somebody has already",
                     .result = "",
                     .status = 204},
                    services, kOfFlag, ResolveFlag),
      MakeOperation({.name = "audit.list",
                     .method = kGet,
                     .path = "/audit",
                     .summary = "Who did what to whom in the rooms that one moderates, the newest first",
                     .result = R"({"type":"object","properties":{"entries":{"type":"array","items":
                                  {"$ref":"#/components/schemas/AuditEntry"}},
                                  "cursor":{"type":["string","null"]}}})"},
                    services, kModerated, ListAudit),
  };
}

}  // namespace

std::vector<Operation> ModerationOperations(Services& services) {
  std::vector<Operation> all = MutesAndBans(services);
  for (Operation& each : FlagsAndAudit(services)) all.push_back(std::move(each));
  return all;
}

}  // namespace tidemill::chat
