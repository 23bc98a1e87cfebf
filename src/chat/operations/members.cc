#include "chat/operations/members.h"

#include <utility>

#include "chat/operations/answers.h"
#include "chat/operations/room_changes.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kAddedMax = 100;

struct ListMembersOf {
  RoomId room_id;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListMembersOf> kListMembers[] = {
    Path<&ListMembersOf::room_id>("room_id", ""),
    Query<&ListMembersOf::cursor>("cursor", "Of the page before."),
    Query<&ListMembersOf::limit>("limit", "1 to 1,000; 100.")};

Task<Outcome<Answer>> ListMembers(Services& services, Actor actor, ListMembersOf params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 100, 1'000));
  TM_CO_TRY(co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const MemberPage page,
                   co_await services.store.rooms().ListMembers(
                       {.room = params.room_id, .cursor = std::move(params.cursor), .limit = limit}));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "members", page.members);
                     WriteCursor(json, page.cursor);
                   })};
}

struct AddMembersTo {
  RoomId room_id;
  std::vector<std::string> user_ids;
};
constexpr Field<AddMembersTo> kAddMembers[] = {Path<&AddMembersTo::room_id>("room_id", ""),
                                               Needed<&AddMembersTo::user_ids>("user_ids", "1 to 100.")};

Task<Outcome<Answer>> AddMembers(Services& services, Actor actor, AddMembersTo params) {
  if (params.user_ids.empty() || params.user_ids.size() > kAddedMax) {
    co_return Refuse(Code::kInvalid, "user_ids must name 1 to 100 users", "user_ids");
  }
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kInvite, view, actor));
  TM_CO_TRY_ASSIGN(const std::vector<Member> members,
                   co_await services.rooms.Write(services.loop, params.room_id,
                                                 AddsMembers(std::move(acting), std::move(params.user_ids))));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) { WriteList(json, "members", members); })};
}

struct OfMember {
  RoomId room_id;
  std::string user_id;
};
constexpr Field<OfMember> kOfMember[] = {Path<&OfMember::room_id>("room_id", ""),
                                         Path<&OfMember::user_id>("user_id", "")};

// Somebody of less power, who is there.
Task<Outcome<Member>> FindBelow(Services& services, const RoomView& view, const Actor& actor,
                                OfMember target) {
  TM_CO_TRY_ASSIGN(std::optional<Member> found,
                   co_await services.store.rooms().FindMember(target.room_id, target.user_id));
  if (!found) co_return Refuse(Code::kNotFound, "there is no such member", "user_id");
  const bool is_self = target.user_id == actor.user.id;
  if (is_self || MayActOn(PowerIn(SightOf(view, actor)), found->role)) co_return *std::move(found);
  co_return Refuse(Code::kForbidden, "only an owner may do that to a moderator or an owner");
}

struct UpdateMember {
  RoomId room_id;
  std::string user_id;
  std::string role;
};
constexpr Field<UpdateMember> kUpdateMember[] = {
    Path<&UpdateMember::room_id>("room_id", ""), Path<&UpdateMember::user_id>("user_id", ""),
    Needed<&UpdateMember::role>("role", "owner, moderator, member or readonly.")};

Task<Outcome<Answer>> SetMemberRole(Services& services, Actor actor, UpdateMember params) {
  TM_CO_TRY_ASSIGN(const Role role,
                   WordOf(ParseRole, params.role, "role", "owner, moderator, member or readonly"));
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kSetRole, view, actor));
  TM_CO_TRY(
      co_await FindBelow(services, view, actor, {.room_id = params.room_id, .user_id = params.user_id}));
  if (role >= Role::kModerator && PowerIn(SightOf(view, actor)) != Role::kOwner) {
    co_return Refuse(Code::kForbidden, "only an owner makes moderators and owners");
  }
  TM_CO_TRY_ASSIGN(const Member member,
                   co_await services.rooms.Write(services.loop, params.room_id,
                                                 SetsRole(std::move(acting), params.user_id, role)));
  co_return AnswerWith("member", member);
}

Task<Outcome<Answer>> LeaveRoom(Services& services, Actor actor, RoomId room) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, room, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kLeave, view, actor));
  TM_CO_TRY(
      co_await services.rooms.Write(services.loop, room, RemovesMember(std::move(acting), actor.user.id)));
  co_return NoContent();
}

Task<Outcome<Answer>> RemoveMember(Services& services, Actor actor, OfMember params) {
  if (params.user_id == actor.user.id) co_return co_await LeaveRoom(services, actor, params.room_id);
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kKick, view, actor));
  TM_CO_TRY(co_await FindBelow(services, view, actor, params));
  TM_CO_TRY(co_await services.rooms.Write(services.loop, params.room_id,
                                          RemovesMember(std::move(acting), params.user_id)));
  co_return NoContent();
}

struct MembershipOf {
  RoomId room_id;
};
constexpr Field<MembershipOf> kMembershipOf[] = {Path<&MembershipOf::room_id>("room_id", "")};

Task<Outcome<Answer>> Join(Services& services, Actor actor, MembershipOf params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  if (view.membership) co_return AnswerWith("room", view);
  TM_CO_TRY(Allow(Action::kJoin, view, actor));
  TM_CO_TRY_ASSIGN(const RoomView joined,
                   co_await services.rooms.Write(services.loop, params.room_id, JoinsRoom(actor.user.id)));
  co_return AnswerWith("room", joined);
}

Task<Outcome<Answer>> Leave(Services& services, Actor actor, MembershipOf params) {
  return LeaveRoom(services, std::move(actor), params.room_id);
}

constexpr std::string_view kMembersSchema =
    R"({"type":"object","properties":{"members":{"type":"array","items":
{"$ref":"#/components/schemas/Member"}},"cursor":{"type":["string","null"]}}})";

}  // namespace

std::vector<Operation> MemberOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "members.list",
                     .method = kGet,
                     .path = "/rooms/{room_id}/members",
                     .summary = "Who is in a room",
                     .result = kMembersSchema},
                    services, kListMembers, ListMembers),
      MakeOperation({.name = "members.add",
                     .method = kPost,
                     .path = "/rooms/{room_id}/members",
                     .effect = Effect::kChanges,
                     .summary = "Adds members; those who are there already stay as they are",
                     .result = kMembersSchema},
                    services, kAddMembers, AddMembers),
      MakeOperation(
          {.name = "members.update",
           .method = kPatch,
           .path = "/rooms/{room_id}/members/{user_id}",
           .effect = Effect::kChanges,
           .summary = "Gives a member another role; the last owner stays one",
           .result = R"({"type":"object","properties":{"member":{"$ref":"#/components/schemas/Member"}}})"},
          services, kUpdateMember, SetMemberRole),
      MakeOperation({.name = "members.remove",
                     .method = kDelete,
                     .path = "/rooms/{room_id}/members/{user_id}",
                     .effect = Effect::kChanges,
                     .summary = "Removes a member, whose subscriptions to a private room end at once",
                     .result = "",
                     .status = 204},
                    services, kOfMember, RemoveMember),
      MakeOperation(
          {.name = "rooms.join",
           .method = kPost,
           .path = "/rooms/{room_id}/join",
           .effect = Effect::kChanges,
           .summary = "Joins a public room",
           .result = R"({"type":"object","properties":{"room":{"$ref":"#/components/schemas/Room"}}})"},
          services, kMembershipOf, Join),
      MakeOperation({.name = "rooms.leave",
                     .method = kPost,
                     .path = "/rooms/{room_id}/leave",
                     .effect = Effect::kChanges,
                     .summary = "Leaves a room",
                     .result = "",
                     .status = 204},
                    services, kMembershipOf, Leave),
  };
}

}  // namespace tidemill::chat
