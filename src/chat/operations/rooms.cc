#include "chat/operations/rooms.h"

#include <algorithm>
#include <utility>

#include "chat/operations/answers.h"
#include "chat/operations/room_changes.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kRoomSchema =
    R"({"type":"object","properties":{"room":{"$ref":"#/components/schemas/Room"}}})";

struct OfRoom {
  RoomId room_id;
};
constexpr Field<OfRoom> kOfRoom[] = {Path<&OfRoom::room_id>("room_id", "")};

// rooms.create

struct CreateRoom {
  std::string type;
  bool is_private = false;
  std::string name;
  std::string topic;
  std::vector<std::string> user_ids;
};
constexpr Field<CreateRoom> kCreateRoom[] = {
    Needed<&CreateRoom::type>("type", "channel, or broadcast: moderators post, many read."),
    Body<&CreateRoom::is_private>("private", "Only members see it."),
    Needed<&CreateRoom::name>("name", "1 to 80 characters; unique, whatever the case of its letters."),
    Body<&CreateRoom::topic>("topic", "At most 250 characters."),
    Body<&CreateRoom::user_ids>("user_ids", "Further members from the start, at most 100.")};

Task<Outcome<Answer>> Create(Services& services, Actor actor, CreateRoom params) {
  TM_CO_TRY_ASSIGN(const RoomType type, WordOf(ParseRoomType, params.type, "type", "channel or broadcast"));
  if (type != RoomType::kChannel && type != RoomType::kBroadcast) {
    co_return Refuse(Code::kInvalid, "type must be channel or broadcast; conversations are made by dms.open",
                     "type");
  }
  TM_CO_TRY(MayCreate(type, actor.user.role));
  TM_CO_TRY(CheckedText(CheckName(params.name, kNameCharactersMax), "name"));
  TM_CO_TRY(CheckedText(CheckLine(params.topic, kTopicCharactersMax), "topic"));
  std::vector<std::string> members = params.user_ids;
  std::erase(members, actor.user.id);
  NewRoom made{.type = type,
               .is_private = params.is_private,
               .name = std::move(params.name),
               .topic = std::move(params.topic),
               .created_by = actor.user.id,
               .user_ids = members,
               .settings = {}};
  if (type == RoomType::kBroadcast) made.settings.who_can_post = WhoCanPost::kModerators;
  TM_CO_TRY_ASSIGN(const Room room, co_await services.store.rooms().Create(std::move(made)));
  RoomView view{.room = room, .membership = Membership{}};
  view.membership->joined_at = room.created_at;
  for (const std::string& user : members) TellOfNewRoom(services.courier, services.loop, view, user);
  view.membership->role = Role::kOwner;
  TellOfNewRoom(services.courier, services.loop, view, actor.user.id);
  if (!room.is_private) TellEverybodyOfNewRoom(services.courier, services.loop, room);
  co_return AnswerWith("room", view, 201);
}

// rooms.browse

struct BrowseRooms {
  std::string query;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<BrowseRooms> kBrowseRooms[] = {Query<&BrowseRooms::query>("query", "A piece of the name."),
                                               Query<&BrowseRooms::cursor>("cursor", "Of the page before."),
                                               Query<&BrowseRooms::limit>("limit", "1 to 200; 50.")};

Task<Outcome<Answer>> Browse(Services& services, Actor actor, BrowseRooms params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 50, 200));
  // Guests see only what they are in, and learn no name of another room.
  const bool is_guest = actor.user.role == WorkspaceRole::kGuest;
  TM_CO_TRY_ASSIGN(const RoomPage page,
                   co_await services.store.rooms().Browse({.user = actor.user.id,
                                                           .text = std::move(params.query),
                                                           .only_own = is_guest,
                                                           .cursor = std::move(params.cursor),
                                                           .limit = limit}));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "rooms", page.rooms);
                     WriteCursor(json, page.cursor);
                   })};
}

Task<Outcome<Answer>> Get(Services& services, Actor actor, OfRoom params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  co_return AnswerWith("room", view);
}

// rooms.update

struct UpdateRoom {
  RoomId room_id;
  std::optional<std::string> name;
  std::optional<std::string> topic;
  std::optional<bool> is_private;
  std::optional<RawObject> settings;
};
constexpr Field<UpdateRoom> kUpdateRoom[] = {
    Path<&UpdateRoom::room_id>("room_id", ""), Body<&UpdateRoom::name>("name", "1 to 80 characters."),
    Body<&UpdateRoom::topic>("topic", "At most 250 characters."),
    Body<&UpdateRoom::is_private>("private", "Only members see it."),
    Body<&UpdateRoom::settings>(
        "settings",
        "who_can_post (all, moderators), slow_mode_s, text_max, retention_days, threads, "
        "reactions, typing, receipts; what is left out stays.")};

struct GivenSettings {
  std::optional<std::string> who_can_post;
  std::optional<std::int64_t> slow_mode_s;
  std::optional<std::int64_t> text_max;
  std::optional<std::int64_t> retention_days;
  std::optional<bool> threads;
  std::optional<bool> reactions;
  std::optional<bool> typing;
  std::optional<bool> receipts;
};
constexpr Field<GivenSettings> kGivenSettings[] = {Body<&GivenSettings::who_can_post>("who_can_post", ""),
                                                   Body<&GivenSettings::slow_mode_s>("slow_mode_s", ""),
                                                   Body<&GivenSettings::text_max>("text_max", ""),
                                                   Body<&GivenSettings::retention_days>("retention_days", ""),
                                                   Body<&GivenSettings::threads>("threads", ""),
                                                   Body<&GivenSettings::reactions>("reactions", ""),
                                                   Body<&GivenSettings::typing>("typing", ""),
                                                   Body<&GivenSettings::receipts>("receipts", "")};

Outcome<> CheckRange(const std::optional<std::int64_t>& value, std::int64_t min, std::int64_t max,
                     std::string field) {
  if (!value || (*value >= min && *value <= max)) return {};
  return Refuse(Code::kInvalid, field + " must be " + std::to_string(min) + " to " + std::to_string(max),
                std::move(field));
}

Outcome<SettingsPatch> ReadSettings(const RawObject& raw, const ChatSettings& limits) {
  TM_TRY_ASSIGN(GivenSettings given,
                ReadParams(raw.text, std::span<const Field<GivenSettings>>(kGivenSettings)));
  TM_TRY(CheckRange(given.slow_mode_s, 0, 86'400, "slow_mode_s"));
  TM_TRY(CheckRange(given.text_max, 1, limits.text_max, "text_max"));
  TM_TRY(CheckRange(given.retention_days, 0, 36'500, "retention_days"));
  SettingsPatch patch{.who_can_post = std::nullopt,
                      .slow_mode_s = given.slow_mode_s,
                      .text_max = given.text_max,
                      .retention_days = given.retention_days,
                      .threads = given.threads,
                      .reactions = given.reactions,
                      .typing = given.typing,
                      .receipts = given.receipts};
  if (given.who_can_post) {
    TM_TRY_ASSIGN(patch.who_can_post,
                  WordOf(ParseWhoCanPost, *given.who_can_post, "who_can_post", "all or moderators"));
  }
  return patch;
}

Task<Outcome<Answer>> UpdateIt(Services& services, Actor actor, UpdateRoom params) {
  if (params.name) TM_CO_TRY(CheckedText(CheckName(*params.name, kNameCharactersMax), "name"));
  if (params.topic) TM_CO_TRY(CheckedText(CheckLine(*params.topic, kTopicCharactersMax), "topic"));
  RoomPatch patch{
      .name = params.name, .topic = params.topic, .is_private = params.is_private, .settings = {}};
  if (params.settings) {
    TM_CO_TRY_ASSIGN(patch.settings, ReadSettings(*params.settings, services.settings));
  }
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  const bool configures = params.is_private || params.settings;
  TM_CO_TRY_ASSIGN(Acting acting, Allow(configures ? Action::kConfigure : Action::kDescribe, view, actor));
  TM_CO_TRY_ASSIGN(const Room room,
                   co_await services.rooms.Write(services.loop, params.room_id,
                                                 UpdatesRoom(std::move(acting), std::move(patch))));
  co_return AnswerWith("room", RoomView{.room = room, .membership = view.membership});
}

Task<Outcome<Answer>> DeleteIt(Services& services, Actor actor, OfRoom params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kDelete, view, actor));
  TM_CO_TRY(co_await services.rooms.Write(services.loop, params.room_id, DeletesRoom(std::move(acting))));
  co_return NoContent();
}

Task<Outcome<Answer>> SetArchived(Services& services, Actor actor, RoomId id, Archiving archiving) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kArchive, view, actor));
  TM_CO_TRY_ASSIGN(const Room room, co_await services.rooms.Write(
                                        services.loop, id, ArchivesRoom(std::move(acting), archiving)));
  co_return AnswerWith("room", RoomView{.room = room, .membership = view.membership});
}

Task<Outcome<Answer>> ArchiveIt(Services& services, Actor actor, OfRoom params) {
  return SetArchived(services, std::move(actor), params.room_id, Archiving::kArchive);
}
Task<Outcome<Answer>> UnarchiveIt(Services& services, Actor actor, OfRoom params) {
  return SetArchived(services, std::move(actor), params.room_id, Archiving::kUnarchive);
}

// dms.open

struct OpenDm {
  std::vector<std::string> user_ids;
};
constexpr Field<OpenDm> kOpenDm[] = {
    Needed<&OpenDm::user_ids>("user_ids", "The others: one for a direct room, up to nine for a group.")};

Task<Outcome<Answer>> Open(Services& services, Actor actor, OpenDm params) {
  std::vector<std::string> users = std::move(params.user_ids);
  users.push_back(actor.user.id);
  std::ranges::sort(users);
  users.erase(std::unique(users.begin(), users.end()), users.end());
  if (users.size() < 2 || users.size() > 10) {
    co_return Refuse(Code::kInvalid, "user_ids must name one to nine others", "user_ids");
  }
  TM_CO_TRY_ASSIGN(const OpenedDirect opened,
                   co_await services.store.rooms().OpenDirect(actor.user.id, users));
  if (opened.is_new) {
    for (const std::string& user : users) TellOfNewRoom(services.courier, services.loop, opened.view, user);
  }
  co_return AnswerWith("room", opened.view, opened.is_new ? 201 : 200);
}

// changes

struct ListChanges {
  RoomId room_id;
  std::int64_t after = 0;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListChanges> kListChanges[] = {
    Path<&ListChanges::room_id>("room_id", ""),
    Query<&ListChanges::after>("after", "The version that the client has; those behind it are given."),
    Query<&ListChanges::limit>("limit", "1 to 500; 100.")};

Task<Outcome<Answer>> List(Services& services, Actor actor, ListChanges params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 100, 500));
  TM_CO_TRY(co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const ChangePage page,
                   co_await services.store.changes().ListAfter(params.room_id, params.after, limit));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "changes", page.changes);
                     json.Member("has_more", page.has_more);
                     json.Member("reset", page.reset);
                   })};
}

}  // namespace

std::vector<Operation> RoomOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "rooms.create",
                     .method = kPost,
                     .path = "/rooms",
                     .effect = Effect::kChanges,
                     .summary = "Makes a room; who makes it is its owner",
                     .result = kRoomSchema,
                     .status = 201},
                    services, kCreateRoom, Create),
      MakeOperation({.name = "rooms.browse",
                     .method = kGet,
                     .path = "/rooms",
                     .summary = "Public rooms and one's own, by name",
                     .result = R"({"type":"object","properties":{"rooms":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Room"}},
                                  "cursor":{"type":["string","null"]}}})"},
                    services, kBrowseRooms, Browse),
      MakeOperation({.name = "rooms.get",
                     .method = kGet,
                     .path = "/rooms/{room_id}",
                     .summary = "One room, with one's own membership",
                     .result = kRoomSchema},
                    services, kOfRoom, Get),
      MakeOperation({.name = "rooms.update",
                     .method = kPatch,
                     .path = "/rooms/{room_id}",
                     .effect = Effect::kChanges,
                     .summary = "Changes name, topic, privacy or settings",
                     .result = kRoomSchema},
                    services, kUpdateRoom, UpdateIt),
      MakeOperation({.name = "rooms.delete",
                     .method = kDelete,
                     .path = "/rooms/{room_id}",
                     .effect = Effect::kChanges,
                     .summary = "Deletes a room with all that is in it",
                     .result = "",
                     .status = 204},
                    services, kOfRoom, DeleteIt),
      MakeOperation({.name = "rooms.archive",
                     .method = kPost,
                     .path = "/rooms/{room_id}/archive",
                     .effect = Effect::kChanges,
                     .summary = "Closes a room for writing",
                     .result = kRoomSchema},
                    services, kOfRoom, ArchiveIt),
      MakeOperation({.name = "rooms.unarchive",
                     .method = kPost,
                     .path = "/rooms/{room_id}/unarchive",
                     .effect = Effect::kChanges,
                     .summary = "Opens it again",
                     .result = kRoomSchema},
                    services, kOfRoom, UnarchiveIt),
      MakeOperation({.name = "dms.open",
                     .method = kPost,
                     .path = "/dms",
                     .effect = Effect::kChanges,
                     .summary = "The room of exactly these people, made if there is none (201)",
                     .result = kRoomSchema},
                    services, kOpenDm, Open),
      MakeOperation({.name = "changes",
                     .method = kGet,
                     .path = "/rooms/{room_id}/changes",
                     .summary = "What has changed in a room behind a version, in order and without gaps",
                     .result = R"({"type":"object","properties":{"changes":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Event"}},"has_more":{"type":"boolean"},
                                  "reset":{"type":"boolean"}}})"},
                    services, kListChanges, List),
  };
}

}  // namespace tidemill::chat
