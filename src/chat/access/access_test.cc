#include "chat/access/access.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace tidemill::chat {
namespace {

Room RoomOf(RoomType type, bool is_private = false) {
  Room room;
  room.id = RoomId(1);
  room.type = type;
  room.is_private = is_private;
  return room;
}

// "-" it is not there for them, "." they may not, "y" they may, "w" they may by their role in the workspace.
char Judge(Action action, const Sight& sight) {
  const Outcome<Acting> may = May(action, sight, "ada");
  if (may) return may->by_workspace_role ? 'w' : 'y';
  return may.error().code == Code::kNotFound ? '-' : '.';
}

// Of: somebody outside, a guest outside, a readonly, a member, a moderator, an owner, an admin outside.
std::string Row(Action action, const Room& room) {
  std::string row;
  row += Judge(action, {.room = room});
  row += Judge(action, {.room = room, .membership = nullptr, .role = WorkspaceRole::kGuest});
  for (const Role role : {Role::kReadonly, Role::kMember, Role::kModerator, Role::kOwner}) {
    Membership membership;
    membership.role = role;
    row += Judge(action, {.room = room, .membership = &membership});
  }
  row += Judge(action, {.room = room, .membership = nullptr, .role = WorkspaceRole::kAdmin});
  return row;
}

struct Expected {
  const char* action;
  const char* open;    // a public channel
  const char* closed;  // a private one
  const char* news;    // a public broadcast room
  const char* direct;  //
  const char* group;   //
};

constexpr Expected kMatrix[] = {
    {"read", "y-yyyyy", "--yyyy-", "y-yyyyy", "--yyyy-", "--yyyy-"},
    {"join", "y-yyyyy", "--yyyy-", "y-yyyyy", "--....-", "--....-"},
    {"leave", ".-yyyy.", "--yyyy-", ".-yyyy.", "--....-", "--....-"},
    {"post", ".-.yyy.", "--.yyy-", ".-..yy.", "--.yyy-", "--.yyy-"},
    {"reply", ".-.yyy.", "--.yyy-", ".-..yy.", "--.yyy-", "--.yyy-"},
    {"edit_own", ".-.yyy.", "--.yyy-", ".-.yyy.", "--.yyy-", "--.yyy-"},
    {"delete_own", ".-.yyy.", "--.yyy-", ".-.yyy.", "--.yyy-", "--.yyy-"},
    {"delete_other", ".-..yyw", "--..yy-", ".-..yyw", "--....-", "--....-"},
    {"react", ".-.yyy.", "--.yyy-", ".-.yyy.", "--.yyy-", "--.yyy-"},
    {"type", ".-.yyy.", "--.yyy-", ".-.....", "--.yyy-", "--.yyy-"},
    {"pin", ".-..yyw", "--..yy-", ".-..yyw", "--.yyy-", "--.yyy-"},
    {"invite", ".-.yyyw", "--.yyy-", ".-..yyw", "--....-", "--....-"},
    {"kick", ".-..yyw", "--..yy-", ".-..yyw", "--....-", "--....-"},
    {"set_role", ".-..yyw", "--..yy-", ".-..yyw", "--....-", "--....-"},
    {"describe", ".-..yyw", "--..yy-", ".-..yyw", "--....-", "--.yyy-"},
    {"configure", ".-...yw", "--...y-", ".-...yw", "--....-", "--....-"},
    {"archive", ".-...yw", "--...y-", ".-...yw", "--....-", "--....-"},
    {"delete", ".-...yw", "--...y-", ".-...yw", "--....-", "--....-"},
    {"mark", ".-yyyy.", "--yyyy-", ".-yyyy.", "--yyyy-", "--yyyy-"},
    {"moderate", ".-..yyw", "--..yy-", ".-..yyw", "--....-", "--....-"},
    {"flag", ".-yyyy.", "--yyyy-", ".-yyyy.", "--....-", "--....-"},
    {"hooks", ".-...yw", "--...y-", ".-...yw", "--....-", "--....-"},
};

TEST(May, IsThisMatrix) {
  std::map<std::string, const Expected*> expected;
  for (const Expected& each : kMatrix) expected[each.action] = &each;
  ASSERT_EQ(expected.size(), AllActions().size());
  for (const Action action : AllActions()) {
    SCOPED_TRACE(Name(action));
    const Expected& row = *expected.at(std::string(Name(action)));
    EXPECT_EQ(Row(action, RoomOf(RoomType::kChannel)), row.open);
    EXPECT_EQ(Row(action, RoomOf(RoomType::kChannel, true)), row.closed);
    EXPECT_EQ(Row(action, RoomOf(RoomType::kBroadcast)), row.news);
    EXPECT_EQ(Row(action, RoomOf(RoomType::kDirect, true)), row.direct);
    EXPECT_EQ(Row(action, RoomOf(RoomType::kGroup, true)), row.group);
  }
}

TEST(May, ModeratorsAlonePostWhereTheSettingsSaySo) {
  Room room = RoomOf(RoomType::kChannel);
  room.settings.who_can_post = WhoCanPost::kModerators;
  EXPECT_EQ(Row(Action::kPost, room), ".-..yy.");
  EXPECT_EQ(Row(Action::kReply, room), ".-..yy.");
}

TEST(May, AnArchivedRoomIsReadAndGoverned) {
  Room room = RoomOf(RoomType::kChannel);
  room.archived_at = WallTime{1};
  Membership owner;
  owner.role = Role::kOwner;
  for (const Action action : AllActions()) {
    SCOPED_TRACE(Name(action));
    const Outcome<Acting> may = May(action, {.room = room, .membership = &owner}, "ada");
    switch (action) {
      case Action::kRead:
      case Action::kLeave:
      case Action::kKick:
      case Action::kSetRole:
      case Action::kArchive:
      case Action::kDelete:
      case Action::kMark:
      case Action::kFlag:
      case Action::kModerate: EXPECT_TRUE(may); break;
      default: ASSERT_FALSE(may); EXPECT_EQ(may.error().code, Code::kArchived);
    }
  }
}

TEST(May, GuestsSeeWhatTheyAreInAndBringNobody) {
  const Room room = RoomOf(RoomType::kChannel);
  Membership member;
  const Sight guest{.room = room, .membership = &member, .role = WorkspaceRole::kGuest};
  EXPECT_EQ(Judge(Action::kRead, guest), 'y');
  EXPECT_EQ(Judge(Action::kPost, guest), 'y');
  EXPECT_EQ(Judge(Action::kInvite, guest), '.');
  EXPECT_FALSE(MayCreate(RoomType::kChannel, WorkspaceRole::kGuest));
  EXPECT_TRUE(MayCreate(RoomType::kDirect, WorkspaceRole::kGuest));
  EXPECT_TRUE(MayCreate(RoomType::kBroadcast, WorkspaceRole::kMember));
}

TEST(May, GivesWhatIsLookedAtAgain) {
  const Room room = RoomOf(RoomType::kChannel);
  Membership moderator;
  moderator.role = Role::kModerator;
  const Sight sight{.room = room, .membership = &moderator};
  const Outcome<Acting> pins = May(Action::kPin, sight, "ada");
  ASSERT_TRUE(pins);
  EXPECT_EQ(pins->user, "ada");
  EXPECT_EQ(pins->role_min, Role::kModerator);
  const Outcome<Acting> reads = May(Action::kRead, sight, "ada");
  ASSERT_TRUE(reads);
  EXPECT_EQ(reads->role_min, std::nullopt);
  EXPECT_EQ(May(Action::kConfigure, sight, "ada").error().message,
            "only its owners may change the settings in this room");
}

TEST(May, AnAdminOfTheWorkspaceHasTheSamePowerWithAnyRoleInTheRoom) {
  const Room room = RoomOf(RoomType::kChannel);
  for (const Role role : {Role::kReadonly, Role::kMember, Role::kModerator, Role::kOwner}) {
    Membership membership;
    membership.role = role;
    const Sight sight{.room = room, .membership = &membership, .role = WorkspaceRole::kAdmin};
    for (const Action action : {Action::kModerate, Action::kKick, Action::kSetRole, Action::kDeleteOther})
      EXPECT_TRUE(May(action, sight, "ada")->by_workspace_role) << Name(action);
    if (role >= Role::kMember) EXPECT_FALSE(May(Action::kPost, sight, "ada")->by_workspace_role);
  }
}

TEST(MayActOn, OwnersOnAllAndModeratorsOnThoseBelow) {
  EXPECT_TRUE(MayActOn(Role::kOwner, Role::kOwner));
  EXPECT_TRUE(MayActOn(Role::kModerator, Role::kMember));
  EXPECT_FALSE(MayActOn(Role::kModerator, Role::kModerator));
  EXPECT_FALSE(MayActOn(Role::kModerator, Role::kOwner));
  EXPECT_FALSE(MayActOn(Role::kMember, Role::kReadonly));
}

TEST(CheckBan, SaysUntilWhen) {
  const Room room = RoomOf(RoomType::kChannel);
  const WallTime now{1'000};
  Sight sight{.room = room, .banned_until = WallTime{61'000}};
  const Outcome<> banned = CheckBan(sight, now);
  ASSERT_FALSE(banned);
  EXPECT_EQ(banned.error().code, Code::kBanned);
  EXPECT_EQ(banned.error().message, "you are banned from this room until 1970-01-01 00:01:01 UTC");
  EXPECT_EQ(banned.error().retry_after_ms, 60'000);
  sight.banned_until = kForEver;
  EXPECT_EQ(CheckBan(sight, now).error().message, "you are banned from this room");
  sight.role = WorkspaceRole::kAdmin;
  EXPECT_TRUE(CheckBan(sight, now));
  EXPECT_TRUE(CheckBan({.room = room}, now));
}

}  // namespace
}  // namespace tidemill::chat
