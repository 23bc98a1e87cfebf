// room_store.h and user_store.h as tests, on every backend.
#include <gtest/gtest.h>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

using Names = std::vector<std::string>;

class RoomsTest : public testing::ChatStoreTest {
 protected:
  Names Browse(std::string user, std::string text = {}, std::size_t limit = 50) {
    Names names;
    std::string cursor;
    do {
      const RoomPage page = Must(
          store().rooms().Browse({.user = user, .text = text, .cursor = std::move(cursor), .limit = limit}));
      for (const RoomView& view : page.rooms) names.push_back(view.room.name);
      cursor = page.cursor;
    } while (!cursor.empty());
    return names;
  }
  Names MembersOf(RoomId room, std::size_t limit = 100) {
    Names ids;
    std::string cursor;
    do {
      const MemberPage page =
          Must(store().rooms().ListMembers({.room = room, .cursor = std::move(cursor), .limit = limit}));
      for (const Member& member : page.members)
        ids.push_back(member.user.id + " " + std::string(Name(member.role)));
      cursor = page.cursor;
    } while (!cursor.empty());
    return ids;
  }
};

INSTANTIATE_TEST_SUITE_P(All, RoomsTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

TEST_P(RoomsTest, AUserIsMadeOfWhatTheClaimsSayAndChangesWithThem) {
  Upserted first = Must(store().users().Upsert({.id = "u1", .name = {}, .username = "Ada"}));
  EXPECT_TRUE(first.has_changed);
  EXPECT_EQ(first.user.name, "Ada") << "the username where there is no name";
  EXPECT_FALSE(Must(store().users().Upsert({.id = "u1", .name = {}, .username = "Ada"})).has_changed);
  const Upserted second = Must(store().users().Upsert(
      {.id = "u1", .name = "Ada L", .username = {}, .role = WorkspaceRole::kAdmin, .is_bot = true}));
  EXPECT_TRUE(second.has_changed);
  EXPECT_EQ(second.user.username, "Ada") << "what is not given stays";
  EXPECT_EQ(Must(store().users().Find({"u1", "nobody"})), std::vector<User>{second.user});
  EXPECT_EQ(Must(store().users().FindByUsername({"aDA"})), std::vector<User>{second.user});
  EXPECT_EQ(CodeOf(store().users().Upsert({.id = "", .name = "x", .username = "x"})), "invalid");
  EXPECT_EQ(CodeOf(store().users().Upsert({.id = std::string(65, 'x'), .name = {}, .username = {}})),
            "too_long");
  EXPECT_EQ(CodeOf(store().users().Upsert({.id = "u2", .name = "\xff", .username = {}})), "invalid");
}

TEST_P(RoomsTest, AUserHasANameAStatusAndAPresence) {
  AddUsers({"ada"});
  EXPECT_EQ(Must(store().users().Rename("ada", "Ada")).name, "Ada");
  const Status status{.emoji = "🌴", .text = "away", .until = WallTime{5}};
  EXPECT_EQ(Must(store().users().SetStatus("ada", status)).status, status);
  EXPECT_EQ(Must(store().users().SetStatus("ada", std::nullopt)).status, std::nullopt);
  EXPECT_EQ(Must(store().users().SetPresence("ada", Presence::kDoNotDisturb)).presence,
            Presence::kDoNotDisturb);
  EXPECT_EQ(CodeOf(store().users().Rename("nobody", "x")), "not_found");
  EXPECT_EQ(CodeOf(store().users().Rename("ada", "")), "invalid");
}

TEST_P(RoomsTest, UsersAreListedByNameAndFoundByAPiece) {
  for (const char* const name : {"Carol", "ada", "Bob", "a_b", "axb"})
    Must(store().users().Upsert({.id = std::string("id-") + name, .name = name, .username = {}}));
  const auto list = [this](std::string text, std::size_t limit) {
    Names names;
    std::string cursor;
    do {
      const UserPage page =
          Must(store().users().List({.text = text, .cursor = std::move(cursor), .limit = limit}));
      for (const User& user : page.users) names.push_back(user.name);
      cursor = page.cursor;
    } while (!cursor.empty());
    return names;
  };
  EXPECT_EQ(list("", 2), (Names{"a_b", "ada", "axb", "Bob", "Carol"}));
  EXPECT_EQ(list("AR", 50), Names{"Carol"});
  EXPECT_EQ(list("a_b", 50), Names{"a_b"}) << "_ stands for itself";
  EXPECT_EQ(CodeOf(store().users().List({.text = {}, .cursor = "%%"})), "invalid");
}

TEST_P(RoomsTest, ANamedRoomHasItsOwnerAndMembersAndIsUnique) {
  const RoomId id = MakeRoom("General", {"ada", "bob", "cid"});
  const auto view = Must(store().rooms().Find(id, "bob"));
  ASSERT_TRUE(view && view->membership);
  EXPECT_EQ(view->room.name, "General");
  EXPECT_EQ(view->room.member_count, 3);
  EXPECT_EQ(view->membership->role, Role::kMember);
  EXPECT_EQ(MembersOf(id, 2), (Names{"ada owner", "bob member", "cid member"}));
  EXPECT_EQ(Must(store().rooms().ListMemberIds(id, "ada", 10)), (Names{"bob", "cid"}));
  EXPECT_EQ(CodeOf(store().rooms().Create({.name = "GENERAL", .created_by = "bob"})), "conflict");
  EXPECT_EQ(CodeOf(store().rooms().Create({.name = "x", .created_by = "nobody"})), "not_found");
  EXPECT_EQ(CodeOf(store().rooms().Create({.name = "", .created_by = "bob"})), "invalid");
  EXPECT_EQ(CodeOf(store().rooms().Create({.type = RoomType::kDirect, .name = "x", .created_by = "bob"})),
            "invalid");
  EXPECT_FALSE(Must(store().rooms().Find(RoomId(7), "bob")));
  EXPECT_FALSE(Must(store().rooms().Find(id, "nobody"))->membership);
}

TEST_P(RoomsTest, ADirectRoomIsFoundByItsPeople) {
  AddUsers({"ada", "bob", "cid"});
  const OpenedDirect opened = Must(store().rooms().OpenDirect("bob", {"ada"}));
  EXPECT_TRUE(opened.is_new);
  EXPECT_EQ(opened.view.room.type, RoomType::kDirect);
  EXPECT_EQ(opened.view.room.user_ids, (Names{"ada", "bob"}));
  const OpenedDirect again = Must(store().rooms().OpenDirect("ada", {"bob", "bob"}));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.view, opened.view);
  const OpenedDirect group = Must(store().rooms().OpenDirect("ada", {"bob", "cid"}));
  EXPECT_TRUE(group.is_new);
  EXPECT_EQ(group.view.room.type, RoomType::kGroup);
  EXPECT_EQ(CodeOf(store().rooms().OpenDirect("ada", {"nobody"})), "not_found");
  EXPECT_EQ(CodeOf(store().rooms().OpenDirect("ada", {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"})),
            "too_many");
  const RoomId id = opened.view.room.id;
  EXPECT_EQ(CodeOf(store().rooms().AddMembers({.user = "ada"}, id, {"cid"})), "invalid");
  EXPECT_EQ(CodeOf(store().rooms().RemoveMember({.user = "ada"}, id, "ada")), "invalid");
  EXPECT_EQ(CodeOf(store().rooms().Update({.user = "ada"}, id, {.name = "x"})), "invalid");
  EXPECT_EQ(CodeOf(store().rooms().Join(id, "cid")), "not_found");
}

TEST_P(RoomsTest, BrowsingShowsWhatIsPublicOrOnesOwn) {
  MakeRoom("beta", {"ada"});
  MakeRoom("Alpha", {"ada"});
  Must(store().rooms().Create({.is_private = true, .name = "secret", .created_by = "ada"}));
  AddUsers({"bob"});
  Must(store().rooms().OpenDirect("bob", {"ada"}));
  const RoomId old = MakeRoom("old", {"ada"});
  Must(store().rooms().Archive({.user = "ada"}, old));
  EXPECT_EQ(Browse("ada", "", 1), (Names{"Alpha", "beta", "secret"}));
  EXPECT_EQ(Browse("bob"), (Names{"Alpha", "beta"}));
  EXPECT_EQ(Browse("bob", "ET"), Names{"beta"});
  EXPECT_EQ(Must(store().rooms().FindByName({"ALPHA", "secret"}, "bob")).size(), 1u);
  EXPECT_EQ(Must(store().rooms().FindByName({"ALPHA", "secret"}, "ada")).size(), 2u);
  EXPECT_EQ(Must(store().rooms().ListOf("ada", 100)).size(), 5u) << "of the archived one too";
  EXPECT_EQ(Must(store().rooms().ListOf("bob", 100)).size(), 1u);
  const std::vector<User> around = Must(store().users().FindAround("bob", 10));
  EXPECT_EQ(around.size(), 2u);
}

TEST_P(RoomsTest, WhatIsUpdatedIsAChangeWithTheWholeRoom) {
  const RoomId id = MakeRoom("general", {"ada", "bob"});
  MakeRoom("taken", {"ada"});
  const Acting owner{.user = "ada", .role_min = Role::kOwner};
  const Changed<Room> updated = Must(
      store().rooms().Update(owner, id, {.name = "General", .topic = "all", .settings = {.slow_mode_s = 5}}));
  EXPECT_EQ(updated.value.topic, "all");
  ASSERT_EQ(updated.changes.size(), 1u);
  EXPECT_EQ(updated.changes[0].version, 1);
  EXPECT_EQ(updated.changes[0].type, "room.updated");
  EXPECT_TRUE(updated.changes[0].data.contains(R"("slow_mode_s":5)")) << updated.changes[0].data;
  EXPECT_EQ(RoomOf(id), updated.value);
  EXPECT_TRUE(Must(store().rooms().Update(owner, id, {.topic = "all"})).changes.empty());
  EXPECT_EQ(CodeOf(store().rooms().Update(owner, id, {.name = "TAKEN"})), "conflict");
  EXPECT_EQ(CodeOf(store().rooms().Update({.user = "bob", .role_min = Role::kOwner}, id, {.topic = "x"})),
            "forbidden");
  EXPECT_EQ(CodeOf(store().rooms().Update({.user = "cid"}, id, {.topic = "x"})), "forbidden");
  EXPECT_EQ(Must(store().rooms().Update({.user = "cid", .by_workspace_role = true}, id, {.is_private = true}))
                .value.is_private,
            true);
  EXPECT_EQ(CodeOf(store().rooms().Update({.user = "cid"}, id, {.topic = "x"})), "not_found")
      << "it is private now";
  EXPECT_EQ(CodeOf(store().rooms().Update(owner, id, {.settings = {.text_max = 0}})), "invalid");
  EXPECT_EQ(RoomOf(id).version, 2);
}

TEST_P(RoomsTest, OfTwoWhoChangeOtherSettingsBothHaveChangedTheirs) {
  const RoomId id = MakeRoom("general", {"ada", "bob"});
  const Acting owner{.user = "ada", .role_min = Role::kOwner};
  const std::unique_ptr<Store> another = OpenAnother();
  Must(store().rooms().Update(owner, id, {.settings = {.typing = false}}));
  const Room room = Must(another->rooms().Update(owner, id, {.settings = {.receipts = false}})).value;
  EXPECT_FALSE(room.settings.typing);
  EXPECT_FALSE(room.settings.receipts);
  const RoomId news = Must(store().rooms().Create({.type = RoomType::kBroadcast,
                                                   .name = "news",
                                                   .created_by = "ada",
                                                   .settings = {.who_can_post = WhoCanPost::kModerators}}))
                          .id;
  EXPECT_EQ(CodeOf(store().rooms().Update(owner, news, {.settings = {.who_can_post = WhoCanPost::kAll}})),
            "invalid");
}

TEST_P(RoomsTest, WhoBrowsesTheirOwnRoomsLearnsNoOtherName) {
  for (const char* const name : {"alpha", "beta", "delta"}) MakeRoom(name, {"ada"});
  MakeRoom("gamma", {"ada", "guest"});
  MakeRoom("omega", {"ada", "guest"});
  RoomQuery query{.user = "guest", .only_own = true, .limit = 1};
  const RoomPage first = Must(store().rooms().Browse(query));
  ASSERT_EQ(first.rooms.size(), 1u);
  EXPECT_EQ(first.rooms[0].room.name, "gamma");
  query.cursor = first.cursor;
  const RoomPage second = Must(store().rooms().Browse(query));
  ASSERT_EQ(second.rooms.size(), 1u);
  EXPECT_EQ(second.rooms[0].room.name, "omega");
  EXPECT_EQ(second.cursor, "");
}

TEST_P(RoomsTest, AnArchivedRoomTakesNoWrites) {
  const RoomId id = MakeRoom("general", {"ada", "bob"});
  const Acting owner{.user = "ada", .role_min = Role::kOwner};
  const Message message = Post(id, "ada", "x");
  EXPECT_EQ(Must(store().rooms().Archive(owner, id)).changes.at(0).type, "room.archived");
  EXPECT_TRUE(Must(store().rooms().Archive(owner, id)).changes.empty());
  EXPECT_EQ(CodeOfSend(id, {.user_id = "ada", .text = "y"}), "archived");
  EXPECT_EQ(CodeOf(store().rooms().Update(owner, id, {.topic = "x"})), "archived");
  EXPECT_EQ(CodeOf(store().messages().Delete(owner, message.id)), "archived");
  EXPECT_EQ(CodeOf(store().rooms().Join(id, "cid")), "archived");
  EXPECT_EQ(Must(store().rooms().RemoveMember({.user = "bob"}, id, "bob")).changes.size(), 1u)
      << "leaving goes on";
  EXPECT_EQ(Must(store().rooms().Unarchive(owner, id)).changes.at(0).type, "room.unarchived");
  Post(id, "ada", "z");
}

TEST_P(RoomsTest, ADeletedRoomIsNowhereAndItsNameIsFree) {
  const RoomId id = MakeRoom("general", {"ada", "bob"});
  EXPECT_EQ(CodeOf(store().rooms().Delete({.user = "bob", .role_min = Role::kOwner}, id)), "forbidden");
  EXPECT_EQ(Must(store().rooms().Delete({.user = "ada", .role_min = Role::kOwner}, id)).name, "general");
  EXPECT_FALSE(Must(store().rooms().Find(id, "ada")));
  EXPECT_EQ(Must(store().rooms().ListOf("ada", 10)).size(), 0u);
  EXPECT_EQ(Browse("ada"), Names{});
  EXPECT_EQ(CodeOf(store().messages().Append(id, {{.user_id = "ada", .text = "x"}})), "not_found");
  EXPECT_EQ(CodeOf(store().messages().List({.room = id})), "not_found");
  EXPECT_EQ(CodeOf(store().changes().ListAfter(id, 0, 10)), "not_found");
  EXPECT_EQ(CodeOf(store().markers().MarkRead(id, "ada", 1)), "not_found");
  MakeRoom("general", {"ada"});
}

TEST_P(RoomsTest, JoiningAndLeavingAreChangesAndCount) {
  const RoomId id = MakeRoom("general", {"ada"});
  AddUsers({"bob", "cid"});
  Post(id, "ada", "before");
  const Changed<RoomView> joined = Must(store().rooms().Join(id, "bob"));
  EXPECT_EQ(joined.changes.at(0).type, "member.added");
  EXPECT_TRUE(joined.changes[0].data.contains(R"("user_id":"bob")")) << joined.changes[0].data;
  EXPECT_EQ(joined.value.membership->unread, 0) << "nothing from before is unread";
  EXPECT_TRUE(Must(store().rooms().Join(id, "bob")).changes.empty());
  EXPECT_EQ(CodeOf(store().rooms().Join(id, "nobody")), "not_found");
  const auto added = Must(store().rooms().AddMembers({.user = "ada"}, id, {"bob", "cid", "cid"}));
  ASSERT_EQ(added.value.size(), 1u);
  EXPECT_EQ(added.value[0].user.id, "cid");
  EXPECT_EQ(RoomOf(id).member_count, 3);
  const auto left = Must(store().rooms().RemoveMember({.user = "cid"}, id, "cid"));
  EXPECT_EQ(left.changes.at(0).type, "member.removed");
  EXPECT_TRUE(Must(store().rooms().RemoveMember({.user = "cid"}, id, "cid")).changes.empty());
  EXPECT_EQ(RoomOf(id).member_count, 2);
  EXPECT_FALSE(Must(store().rooms().FindMember(id, "cid")));
  EXPECT_EQ(ChangesAfter(id, 0),
            (Names{"1 message.created", "2 member.added", "3 member.added", "4 member.removed"}));
}

TEST_P(RoomsTest, RolesReachOverThoseBelow) {
  const RoomId id = MakeRoom("general", {"own", "mod", "mod2", "mem"});
  RoomStore& rooms = store().rooms();
  const Acting own{.user = "own", .role_min = Role::kModerator};
  const Acting mod{.user = "mod", .role_min = Role::kModerator};
  Must(rooms.SetRole(own, id, "mod", Role::kModerator));
  Must(rooms.SetRole(own, id, "mod2", Role::kModerator));
  EXPECT_TRUE(Must(rooms.SetRole(own, id, "mod2", Role::kModerator)).changes.empty());
  EXPECT_EQ(CodeOf(rooms.SetRole({.user = "mem", .role_min = Role::kModerator}, id, "mem", Role::kOwner)),
            "forbidden");
  EXPECT_EQ(CodeOf(rooms.SetRole(mod, id, "mod2", Role::kMember)), "forbidden");
  EXPECT_EQ(CodeOf(rooms.SetRole(mod, id, "mem", Role::kModerator)), "forbidden");
  EXPECT_EQ(Must(rooms.SetRole(mod, id, "mem", Role::kReadonly)).value.role, Role::kReadonly);
  EXPECT_EQ(CodeOf(rooms.RemoveMember(mod, id, "own")), "forbidden");
  EXPECT_EQ(CodeOf(rooms.RemoveMember(mod, id, "mod2")), "forbidden");
  EXPECT_EQ(CodeOf(rooms.AddMembers(mod, id, {"mem"}, Role::kOwner)), "forbidden");
  EXPECT_EQ(CodeOf(rooms.SetRole(own, id, "own", Role::kMember)), "conflict") << "the last owner stays";
  EXPECT_EQ(CodeOf(rooms.RemoveMember({.user = "own"}, id, "own")), "conflict");
  Must(rooms.SetRole(own, id, "mod2", Role::kOwner));
  EXPECT_EQ(Must(rooms.RemoveMember({.user = "own"}, id, "own")).changes.size(), 1u);
  EXPECT_EQ(CodeOf(rooms.SetRole(own, id, "mem", Role::kMember)), "forbidden") << "no member any more";
  EXPECT_EQ(CodeOfSend(id, {.user_id = "mem", .text = "x"}), "forbidden") << "may only read";
}

TEST_P(RoomsTest, ManyMayMakeTheSameRoomAtOnceAndThereIsOne) {
  AddUsers({"ada", "bob"});
  const auto other = OpenAnother();
  TaskScope scope;
  std::vector<std::optional<Outcome<OpenedDirect>>> results(6);
  for (std::size_t i = 0; i < results.size(); ++i) {
    RoomStore& rooms = i % 2 == 0 ? store().rooms() : other->rooms();
    scope.Spawn(net::testing::Keep(rooms.OpenDirect("ada", {"bob"}), results[i]));
  }
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] {
    return std::ranges::all_of(results, [](const auto& result) { return result.has_value(); });
  }));
  std::size_t made = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(*result) << result->error().message;
    EXPECT_EQ((*result)->view.room.id, (*results[0])->view.room.id);
    made += (*result)->is_new ? 1 : 0;
  }
  EXPECT_EQ(made, 1u);
}

}  // namespace
}  // namespace tidemill::chat
