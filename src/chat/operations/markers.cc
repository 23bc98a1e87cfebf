#include "chat/operations/markers.h"

#include <utility>

#include "chat/operations/answers.h"
#include "chat/operations/applied.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

struct MarkSeq {
  RoomId room_id;
  std::int64_t seq = 0;
};
constexpr Field<MarkSeq> kMarkSeq[] = {Path<&MarkSeq::room_id>("room_id", ""),
                                       Needed<&MarkSeq::seq>("seq", "Of a message.")};

struct OfRoomMarks {
  RoomId room_id;
};
constexpr Field<OfRoomMarks> kOfRoomMarks[] = {Path<&OfRoomMarks::room_id>("room_id", "")};

// What only a member has. Whoever does not see the room does not hear of it here either.
Task<Outcome<RoomView>> SeeOwn(Services& services, RoomId room, Actor actor) {
  TM_CO_TRY_ASSIGN(RoomView view, co_await See(services, room, actor));
  TM_CO_TRY(Allow(Action::kMark, view, actor));
  co_return view;
}

// To one's own other devices.
void TellSelf(Services& services, const Actor& actor, std::string_view type, RoomId room, std::string data) {
  if (!services.online.Listens(actor.user.id)) return;
  services.courier.PublishTo(actor.user.id, EventNow(services.loop, type, room, data));
}

void TellUnread(Services& services, const Actor& actor, RoomId room, const Marked& marked) {
  const Membership& membership = marked.membership;
  TellSelf(services, actor, "unread.updated", room, ObjectJson([&](JsonWriter& json) {
             json.Member("room_id", ToText(room));
             json.Member("read_seq", membership.read_seq);
             json.Member("unread", membership.unread);
             json.Member("mentions", membership.mentions);
             json.Member("root_count", marked.root_count);
           }));
}

void TellMembership(Services& services, const Actor& actor, RoomId room, const Membership& membership) {
  TellSelf(services, actor, "membership.updated", room, ObjectJson([&](JsonWriter& json) {
             json.Member("room_id", ToText(room));
             json.Key("membership");
             Write(json, membership);
           }));
}

Task<Outcome<Answer>> MarkRead(Services& services, Actor actor, MarkSeq params) {
  TM_CO_TRY(co_await SeeOwn(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const Marked marked,
                   co_await services.store.markers().MarkRead(params.room_id, actor.user.id, params.seq));
  if (marked.has_changed) {
    TellUnread(services, actor, params.room_id, marked);
    RoomsOfLoop& owner = services.rooms.OwnerOf(params.room_id);
    Rooms::RunOn(owner, [&owner, room = params.room_id, user = actor.user.id,
                         seq = marked.membership.read_seq] { owner.NoteRead(room, user, seq); });
  }
  co_return AnswerWith("membership", marked.membership);
}

Task<Outcome<Answer>> MarkUnread(Services& services, Actor actor, MarkSeq params) {
  TM_CO_TRY(co_await SeeOwn(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const Marked marked,
                   co_await services.store.markers().MarkUnread(params.room_id, actor.user.id, params.seq));
  if (marked.has_changed) TellUnread(services, actor, params.room_id, marked);
  co_return AnswerWith("membership", marked.membership);
}

Task<Outcome<Answer>> Receipts(Services& services, Actor actor, OfRoomMarks params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await SeeOwn(services, params.room_id, actor));
  if (!view.room.settings.receipts || view.room.type == RoomType::kBroadcast) {
    co_return Refuse(Code::kForbidden, "this room has no receipts");
  }
  TM_CO_TRY_ASSIGN(const std::vector<Receipt> receipts,
                   co_await services.store.markers().ListReceipts(params.room_id));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     json.Key("receipts");
                     json.BeginArray();
                     for (const Receipt& each : receipts) {
                       json.BeginObject();
                       json.Member("user_id", each.user_id);
                       json.Member("read_seq", each.read_seq);
                       json.EndObject();
                     }
                     json.EndArray();
                   })};
}

// typing

struct TypeIn {
  RoomId room_id;
  MessageId thread_id;
};
constexpr Field<TypeIn> kTypeIn[] = {Path<&TypeIn::room_id>("room_id", ""),
                                     Body<&TypeIn::thread_id>("thread_id", "Of the root message.")};

Task<Outcome<Answer>> Type(Services& services, Actor actor, TypeIn params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY(Allow(Action::kType, view, actor));
  const WallTime muted_until =
      view.membership ? view.membership->muted_until.value_or(WallTime{}) : WallTime{};
  const WallTime now = services.loop.clock().WallNow();
  if (muted_until > now) {
    co_return std::unexpected(RefusalUntil(Code::kMuted, "you are muted in this room", muted_until, now));
  }
  if (!view.room.settings.typing) co_return Refuse(Code::kForbidden, "this room shows nobody typing");
  RoomsOfLoop& owner = services.rooms.OwnerOf(params.room_id);
  Rooms::RunOn(owner, [&owner, params, user = actor.user.id] {
    owner.audience().Type(owner.open().Open(params.room_id), user, params.thread_id);
  });
  co_return NoContent();
}

// notifications, star, draft

struct SetLevel {
  RoomId room_id;
  std::string level;
};
constexpr Field<SetLevel> kSetLevel[] = {Path<&SetLevel::room_id>("room_id", ""),
                                         Needed<&SetLevel::level>("level", "all, mentions or none.")};

Task<Outcome<Answer>> SetNotify(Services& services, Actor actor, SetLevel params) {
  TM_CO_TRY_ASSIGN(const Notify level, WordOf(ParseNotify, params.level, "level", "all, mentions or none"));
  TM_CO_TRY(co_await SeeOwn(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const Marked marked,
                   co_await services.store.markers().SetNotify(params.room_id, actor.user.id, level));
  if (marked.has_changed) TellMembership(services, actor, params.room_id, marked.membership);
  co_return AnswerWith("membership", marked.membership);
}

Task<Outcome<Answer>> SetStarred(Services& services, Actor actor, RoomId room, bool is_starred) {
  TM_CO_TRY(co_await SeeOwn(services, room, actor));
  TM_CO_TRY_ASSIGN(const Marked marked,
                   co_await services.store.markers().SetStarred(room, actor.user.id, is_starred));
  if (marked.has_changed) TellMembership(services, actor, room, marked.membership);
  co_return AnswerWith("membership", marked.membership);
}

Task<Outcome<Answer>> Star(Services& services, Actor actor, OfRoomMarks params) {
  return SetStarred(services, std::move(actor), params.room_id, true);
}
Task<Outcome<Answer>> Unstar(Services& services, Actor actor, OfRoomMarks params) {
  return SetStarred(services, std::move(actor), params.room_id, false);
}

struct PutDraft {
  RoomId room_id;
  std::string text;
};
constexpr Field<PutDraft> kPutDraft[] = {Path<&PutDraft::room_id>("room_id", ""),
                                         Needed<&PutDraft::text>("text", "\"\" removes it.")};

Task<Outcome<Answer>> SetDraft(Services& services, Actor actor, PutDraft params) {
  if (params.text.size() > MarkerStore::kDraftBytesMax) {
    co_return Refuse(Code::kTooLong, "a draft has at most 16 KiB", "text");
  }
  TM_CO_TRY(co_await SeeOwn(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const Marked marked,
                   co_await services.store.markers().SetDraft(params.room_id, actor.user.id, params.text));
  if (marked.has_changed) {
    TellSelf(services, actor, "draft.updated", params.room_id, ObjectJson([&](JsonWriter& json) {
               json.Member("room_id", ToText(params.room_id));
               json.Member("draft", marked.membership.draft);
             }));
  }
  co_return AnswerWith("membership", marked.membership);
}

constexpr std::string_view kMembershipSchema =
    R"({"type":"object","properties":{"membership":{"$ref":"#/components/schemas/Membership"}}})";

// `name` and `path` below the room.
OperationInfo OfOwn(std::string_view name, http::Method method, std::string_view path,
                    std::string_view summary) {
  return {.name = name,
          .method = method,
          .path = path,
          .effect = Effect::kChanges,
          .summary = summary,
          .result = kMembershipSchema};
}

}  // namespace

std::vector<Operation> MarkerOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation(OfOwn("read", kPost, "/rooms/{room_id}/read", "Has read up to a message; only forward"),
                    services, kMarkSeq, MarkRead),
      MakeOperation(
          OfOwn("unread", kPost, "/rooms/{room_id}/unread", "Takes a message and those behind it as unread"),
          services, kMarkSeq, MarkUnread),
      MakeOperation({.name = "receipts",
                     .method = kGet,
                     .path = "/rooms/{room_id}/receipts",
                     .summary = "How far each member has read, in rooms of at most 100",
                     .result = R"({"type":"object","properties":{"receipts":{"type":"array"}}})"},
                    services, kOfRoomMarks, Receipts),
      MakeOperation({.name = "typing",
                     .method = kPost,
                     .path = "/rooms/{room_id}/typing",
                     .effect = Effect::kChanges,
                     .summary = "Says that one types; once in limits.typing_interval_ms",
                     .result = "",
                     .status = 204},
                    services, kTypeIn, Type),
      MakeOperation(
          OfOwn("notifications", kPut, "/rooms/{room_id}/notifications", "How loud the room is for oneself"),
          services, kSetLevel, SetNotify),
      MakeOperation(OfOwn("star", kPut, "/rooms/{room_id}/star", "Stars a room"), services, kOfRoomMarks,
                    Star),
      MakeOperation(OfOwn("unstar", kDelete, "/rooms/{room_id}/star", "Takes the star back"), services,
                    kOfRoomMarks, Unstar),
      MakeOperation(OfOwn("draft", kPut, "/rooms/{room_id}/draft", "Keeps a draft, for all of one's devices"),
                    services, kPutDraft, SetDraft),
  };
}

}  // namespace tidemill::chat
