#include "chat/access/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>

#include "base/assert.h"
#include "base/result.h"

namespace tidemill::chat {
namespace {

// What one must be at least.
enum class Least : std::uint8_t { kAnybody, kReadonly, kMember, kModerator, kOwner, kNobody };
using enum Least;

struct ByType {
  Least channel;
  Least broadcast;
  Least direct;
  Least group;
};

struct Rule {
  Action action;
  std::string_view name;
  std::string_view verb;  // "… in this room"
  ByType least;
  bool in_archived = false;
  bool not_for_guests = false;  // of the workspace
  bool by_power = false;        // admins and owners of the workspace need no role in the room
};

// Private rooms are the same: those who are not in them do not see them.
constexpr Rule kRules[] = {
    {.action = Action::kRead,
     .name = "read",
     .verb = "read",
     .least = {kAnybody, kAnybody, kReadonly, kReadonly},
     .in_archived = true},
    {.action = Action::kJoin,
     .name = "join",
     .verb = "join",
     .least = {kAnybody, kAnybody, kNobody, kNobody},
     .not_for_guests = true},
    {.action = Action::kLeave,
     .name = "leave",
     .verb = "leave",
     .least = {kReadonly, kReadonly, kNobody, kNobody},
     .in_archived = true},
    {.action = Action::kPost,
     .name = "post",
     .verb = "post",
     .least = {kMember, kModerator, kMember, kMember}},
    {.action = Action::kReply,
     .name = "reply",
     .verb = "reply",
     .least = {kMember, kModerator, kMember, kMember}},
    {.action = Action::kEditOwn,
     .name = "edit_own",
     .verb = "edit messages",
     .least = {kMember, kMember, kMember, kMember}},
    {.action = Action::kDeleteOwn,
     .name = "delete_own",
     .verb = "delete messages",
     .least = {kMember, kMember, kMember, kMember}},
    {.action = Action::kDeleteOther,
     .name = "delete_other",
     .verb = "delete others' messages",
     .least = {kModerator, kModerator, kNobody, kNobody},
     .by_power = true},
    {.action = Action::kReact,
     .name = "react",
     .verb = "react",
     .least = {kMember, kMember, kMember, kMember}},
    {.action = Action::kType,
     .name = "type",
     .verb = "say that they type",
     .least = {kMember, kNobody, kMember, kMember}},
    {.action = Action::kPin,
     .name = "pin",
     .verb = "pin",
     .least = {kModerator, kModerator, kMember, kMember},
     .by_power = true},
    {.action = Action::kInvite,
     .name = "invite",
     .verb = "add members",
     .least = {kMember, kModerator, kNobody, kNobody},
     .not_for_guests = true,
     .by_power = true},
    {.action = Action::kKick,
     .name = "kick",
     .verb = "remove members",
     .least = {kModerator, kModerator, kNobody, kNobody},
     .in_archived = true,
     .by_power = true},
    {.action = Action::kSetRole,
     .name = "set_role",
     .verb = "change roles",
     .least = {kModerator, kModerator, kNobody, kNobody},
     .in_archived = true,
     .by_power = true},
    {.action = Action::kDescribe,
     .name = "describe",
     .verb = "change name and topic",
     .least = {kModerator, kModerator, kNobody, kMember},
     .by_power = true},
    {.action = Action::kConfigure,
     .name = "configure",
     .verb = "change the settings",
     .least = {kOwner, kOwner, kNobody, kNobody},
     .by_power = true},
    {.action = Action::kArchive,
     .name = "archive",
     .verb = "archive",
     .least = {kOwner, kOwner, kNobody, kNobody},
     .in_archived = true,
     .by_power = true},
    {.action = Action::kDelete,
     .name = "delete",
     .verb = "delete the room",
     .least = {kOwner, kOwner, kNobody, kNobody},
     .in_archived = true,
     .by_power = true},
    {.action = Action::kMark,
     .name = "mark",
     .verb = "keep marks",
     .least = {kReadonly, kReadonly, kReadonly, kReadonly},
     .in_archived = true},
    {.action = Action::kModerate,
     .name = "moderate",
     .verb = "mute and ban",
     .least = {kModerator, kModerator, kNobody, kNobody},
     .in_archived = true,
     .by_power = true},
    {.action = Action::kFlag,
     .name = "flag",
     .verb = "flag messages",
     .least = {kReadonly, kReadonly, kNobody, kNobody},
     .in_archived = true},
    {.action = Action::kHooks,
     .name = "hooks",
     .verb = "make webhooks",
     .least = {kOwner, kOwner, kNobody, kNobody},
     .by_power = true},
};

const Rule& RuleOf(Action action) {
  const auto* const found = std::ranges::find(kRules, action, &Rule::action);
  TM_ASSERT(found != std::end(kRules));
  return *found;
}

Least LeastFor(const Rule& rule, const Room& room) {
  switch (room.type) {
    case RoomType::kBroadcast: return rule.least.broadcast;
    case RoomType::kDirect: return rule.least.direct;
    case RoomType::kGroup: return rule.least.group;
    case RoomType::kChannel: break;
  }
  const bool posts = rule.action == Action::kPost || rule.action == Action::kReply;
  return posts && room.settings.who_can_post == WhoCanPost::kModerators ? kModerator : rule.least.channel;
}

bool HasRoles(const Room& room) {
  return room.type == RoomType::kChannel || room.type == RoomType::kBroadcast;
}

// Admins and owners of the workspace are as owners of the rooms that they see.
bool HasWorkspacePower(const Sight& sight) {
  return sight.role >= WorkspaceRole::kAdmin && HasRoles(sight.room);
}

std::optional<Role> RoleOf(Least least) {
  switch (least) {
    case kReadonly: return Role::kReadonly;
    case kMember: return Role::kMember;
    case kModerator: return Role::kModerator;
    case kOwner: return Role::kOwner;
    case kAnybody:
    case kNobody: break;
  }
  return std::nullopt;
}

std::unexpected<Refusal> Forbid(const Rule& rule, std::string_view who) {
  return Refuse(Code::kForbidden, fmt::format("{} may {} in this room", who, rule.verb));
}

std::string_view WhoAre(Least least) {
  switch (least) {
    case kReadonly: return "only its members";
    case kMember: return "only members who are not read-only";
    case kModerator: return "only its moderators and owners";
    case kOwner: return "only its owners";
    case kAnybody:
    case kNobody: break;
  }
  return "nobody";
}

}  // namespace

std::string_view Name(Action action) { return RuleOf(action).name; }

std::span<const Action> AllActions() {
  static constexpr auto kAll = [] {
    std::array<Action, std::size(kRules)> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = kRules[i].action;
    return all;
  }();
  return kAll;
}

Outcome<> MaySee(const Sight& sight) {
  if (sight.membership != nullptr) return {};
  const bool open = HasRoles(sight.room) && !sight.room.is_private;
  if (open && sight.role != WorkspaceRole::kGuest) return {};
  return Refuse(Code::kNotFound, "there is no such room");
}

Outcome<> CheckBan(const Sight& sight, WallTime now) {
  if (sight.membership != nullptr || !sight.banned_until || HasWorkspacePower(sight)) return {};
  return std::unexpected(
      RefusalUntil(Code::kBanned, "you are banned from this room", *sight.banned_until, now));
}

Outcome<Acting> May(Action action, const Sight& sight, std::string_view user) {
  TM_TRY(MaySee(sight));
  const Rule& rule = RuleOf(action);
  const Least least = LeastFor(rule, sight.room);
  if (least == kNobody) return Forbid(rule, "nobody");
  if (rule.not_for_guests && sight.role == WorkspaceRole::kGuest) return Forbid(rule, "no guest");
  if (sight.room.archived_at && !rule.in_archived) {
    return Refuse(Code::kArchived, "the room is archived: an owner can bring it back");
  }
  const std::optional<Role> role = RoleOf(least);
  const bool is_enough = sight.membership != nullptr && role && sight.membership->role >= *role;
  const bool has_power = rule.by_power && HasWorkspacePower(sight);
  if (role && !is_enough && !has_power) return Forbid(rule, WhoAre(least));
  return Acting{.user = std::string(user), .role_min = role, .by_workspace_role = has_power};
}

Role PowerIn(const Sight& sight) {
  if (HasWorkspacePower(sight)) return Role::kOwner;
  return sight.membership != nullptr ? sight.membership->role : Role::kReadonly;
}

bool MayActOn(Role power, Role target) {
  return power == Role::kOwner || (power == Role::kModerator && target < Role::kModerator);
}

Outcome<> MayCreate(RoomType type, WorkspaceRole role) {
  const bool conversation = type == RoomType::kDirect || type == RoomType::kGroup;
  if (conversation || role != WorkspaceRole::kGuest) return {};
  return Refuse(Code::kForbidden, "guests make no rooms");
}

}  // namespace tidemill::chat
