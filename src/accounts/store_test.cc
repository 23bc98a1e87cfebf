// store.h as tests, on every database.
#include "accounts/store.h"

#include "accounts/testing/store_fixture.h"

namespace tidemill::accounts {
namespace {

using testing::StoreTest;

class AccountsStoreTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(On, AccountsStoreTest, ::testing::ValuesIn(testing::Backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(AccountsStoreTest, TheKeyOfTokensStays) {
  EXPECT_EQ(Must(store().TokenKey("first")), "first");
  EXPECT_EQ(Must(store().TokenKey("second")), "first");
}

TEST_P(AccountsStoreTest, TheOwnersLinkIsGoodOnce) {
  EXPECT_FALSE(Must(store().HasOwner()));
  Must(store().AddOwnerLink("one", Hours(1)));
  Must(store().AddOwnerLink("two", Hours(1)));
  Must(store().AddOwnerLink("over", Milliseconds(-1)));
  EXPECT_TRUE(Must(store().HasLink(LinkKind::kOwner, "one")));
  EXPECT_FALSE(Must(store().HasLink(LinkKind::kReset, "one"))) << "a link opens what it was made for";
  EXPECT_FALSE(Must(store().HasLink(LinkKind::kOwner, "over")));
  EXPECT_EQ(ErrorOf(store().SetUp("over", UserNamed("a1"), SessionOf("s"))), Errc::kNotFound);
  EXPECT_EQ(ErrorOf(store().SetUp("none", UserNamed("a1"), SessionOf("s"))), Errc::kNotFound);
  const Opened opened = Must(store().SetUp("one", UserNamed("ada"), SessionOf("s")));
  EXPECT_EQ(opened.live.user.username, "ada");
  EXPECT_EQ(opened.live.user.role, Role::kOwner);
  EXPECT_GT(opened.live.user.created_at, 1'700'000'000'000);
  EXPECT_TRUE(IsLive("s"));
  EXPECT_TRUE(Must(store().HasOwner()));
  EXPECT_EQ(ErrorOf(store().SetUp("one", UserNamed("b1"), SessionOf("t"))), Errc::kNotFound);
  EXPECT_EQ(ErrorOf(store().SetUp("two", UserNamed("b1"), SessionOf("t"))), Errc::kNotFound)
      << "with an owner there are no such links any more";
  Must(store().AddOwnerLink("three", Hours(1)));
  EXPECT_EQ(ErrorOf(store().SetUp("three", UserNamed("b1"), SessionOf("t"))), Errc::kNotFound);
}

Task<void> SetUpWith(Store& store, std::string link, NewUser user, NewSession session, int& made, int& done) {
  const auto opened = co_await store.SetUp(std::move(link), std::move(user), std::move(session));
  made += opened ? 1 : 0;
  ++done;
}

TEST_P(AccountsStoreTest, OfManyWhoSetUpAtOnceOneBecomesTheOwner) {
  int made = 0;
  int done = 0;
  const auto other = OpenAnother();
  TaskScope scope;
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    Must(store().AddOwnerLink("link" + n, Hours(1)));
    scope.Spawn(SetUpWith(i % 2 == 0 ? store() : *other, "link" + n, UserNamed("user" + n), SessionOf(n),
                          made, done));
  }
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return done == 6; }));
  EXPECT_EQ(made, 1);
}

TEST_P(AccountsStoreTest, AnInvitationIsGoodAsOftenAsItSays) {
  const User owner = SetUpOwner();
  const Invite made = Must(store().AddInvite(
      By(owner),
      {.id = "i1", .token_hash = "inv", .role = Role::kMember, .uses = 2, .email = "a@b", .ttl = Hours(1)}));
  EXPECT_EQ(made.invited_by, "Name of owner");
  EXPECT_EQ(made.uses_left, 2);
  EXPECT_EQ(Must(store().FindInvite("inv"))->email, "a@b");
  EXPECT_EQ(Must(store().Join("inv", UserNamed("ann"), SessionOf("1"))).live.user.role, Role::kMember);
  EXPECT_EQ(ErrorOf(store().Join("inv", UserNamed("ann"), SessionOf("2"))), Errc::kAlreadyExists);
  EXPECT_EQ(Must(store().FindInvite("inv"))->uses_left, 1) << "a name that is taken costs no use";
  Must(store().Join("inv", UserNamed("bob"), SessionOf("3")));
  EXPECT_FALSE(Must(store().FindInvite("inv")));
  EXPECT_EQ(ErrorOf(store().Join("inv", UserNamed("cy"), SessionOf("4"))), Errc::kNotFound);
  Must(store().AddInvite(By(owner), {.id = "i2", .token_hash = "gone", .ttl = Hours(1)}));
  Must(store().RemoveInvite(By(owner), "i2"));
  EXPECT_EQ(ErrorOf(store().RemoveInvite(By(owner), "i2")), Errc::kNotFound);
  EXPECT_EQ(ErrorOf(store().Join("gone", UserNamed("cy"), SessionOf("4"))), Errc::kNotFound);
  EXPECT_TRUE(Must(store().ListInvites()).empty());
}

TEST_P(AccountsStoreTest, InvitationsEndWithTheRightToMakeThem) {
  const User owner = SetUpOwner();
  const User admin = Joined(owner, "admin", Role::kAdmin);
  Must(store().AddInvite(By(admin), {.id = "i", .token_hash = "inv", .role = Role::kAdmin, .ttl = Hours(1)}));
  Must(store().ChangeUser(By(owner), admin.id, {.role = Role::kMember}));
  EXPECT_FALSE(Must(store().FindInvite("inv")));
}

TEST_P(AccountsStoreTest, ASessionLivesUntilItsTimeIsOver) {
  const User owner = SetUpOwner("s");
  EXPECT_TRUE(IsLive("s"));
  EXPECT_FALSE(IsLive("t"));
  Run("update @_sessions set last_seen_at = last_seen_at - 7200000");
  EXPECT_FALSE(IsLive("s", Hours(1))) << "it was not seen for an hour";
  EXPECT_TRUE(IsLive("s", Hours(3)));
  const auto live = Must(store().FindSession(HashOfToken("s"), Hours(3)));
  Must(store().TouchSession(live->session.id));
  EXPECT_TRUE(IsLive("s", Hours(1)));
  Run("update @_sessions set expires_at = 1");
  EXPECT_FALSE(IsLive("s", Hours(3))) << "however often it was seen";
  EXPECT_TRUE(Must(store().ListSessions(owner.id, Hours(3))).empty());
}

TEST_P(AccountsStoreTest, OpeningReplacesTheBrowsersOldSession) {
  const User owner = SetUpOwner("old");
  const auto old = Must(store().FindSession(HashOfToken("old"), Hours(1)));
  const Opened opened = Must(store().OpenSession(owner.id, "h", SessionOf("new", HashOfToken("old"))));
  EXPECT_EQ(opened.ended, std::vector<std::string>{TokenIdOf(old->session.id, owner.generation)});
  EXPECT_FALSE(IsLive("old"));
  EXPECT_TRUE(IsLive("new"));
  EXPECT_EQ(ErrorOf(store().OpenSession(owner.id, "another", SessionOf("x"))), Errc::kUnauthenticated)
      << "the password has changed since it was looked at";
  EXPECT_EQ(ErrorOf(store().OpenSession("nobody", "h", SessionOf("x"))), Errc::kUnauthenticated);
}

TEST_P(AccountsStoreTest, AUserHasABoundedNumberOfSessions) {
  const User owner = SetUpOwner("0");
  for (int i = 1; i < kSessionsPerUserMax; ++i) {
    EXPECT_TRUE(Must(store().OpenSession(owner.id, "h", SessionOf(std::to_string(i)))).ended.empty());
  }
  Run("update @_sessions set last_seen_at = last_seen_at - 60000 where token_hash = '" + HashOfToken("7") +
      "'");
  EXPECT_EQ(Must(store().OpenSession(owner.id, "h", SessionOf("more"))).ended.size(), 1u);
  EXPECT_FALSE(IsLive("7")) << "the one that was not seen for longest";
  EXPECT_TRUE(IsLive("0"));
  EXPECT_EQ(Must(store().ListSessions(owner.id, Hours(1))).size(), std::size_t{kSessionsPerUserMax});
}

TEST_P(AccountsStoreTest, SessionsEndOneByOneAndTogether) {
  const User owner = SetUpOwner("a");
  const User ann = Joined(owner, "ann", Role::kMember);
  const Opened b = Must(store().OpenSession(owner.id, "h", SessionOf("b")));
  EXPECT_EQ(ErrorOf(store().EndSession(By(ann), b.live.session.id)), Errc::kNotFound) << "it is not hers";
  EXPECT_EQ(Must(store().EndSession(By(owner), b.live.session.id)).ended.size(), 1u);
  EXPECT_FALSE(IsLive("b"));
  EXPECT_EQ(ErrorOf(store().EndSession(By(owner), b.live.session.id)), Errc::kNotFound);
  Must(store().OpenSession(owner.id, "h", SessionOf("c")));
  EXPECT_EQ(Must(store().EndSessions(By(owner))).ended.size(), 2u);
  EXPECT_FALSE(IsLive("a"));
  EXPECT_FALSE(IsLive("c"));
  EXPECT_TRUE(IsLive("ann-session"));
  EXPECT_EQ(Must(store().RecentlyEnded(Minutes(1))).size(), 3u);
}

TEST_P(AccountsStoreTest, APasswordChangesOnlyFromWhatItWas) {
  const User owner = SetUpOwner("a");
  const auto a = Must(store().FindSession(HashOfToken("a"), Hours(1)));
  Must(store().OpenSession(owner.id, "h", SessionOf("b")));
  EXPECT_EQ(ErrorOf(store().ChangePassword(By(owner), "wrong", "new", a->session.id)),
            Errc::kUnauthenticated);
  EXPECT_EQ(Must(store().ChangePassword(By(owner), "h", "new", a->session.id)).ended.size(), 1u);
  EXPECT_TRUE(IsLive("a"));
  EXPECT_FALSE(IsLive("b"));
  EXPECT_EQ(Must(store().FindLogin("owner"))->password, "new");
  Must(store().Rehash(owner.id, "h", "dearer"));
  EXPECT_EQ(Must(store().FindLogin("owner"))->password, "new") << "it was another by then";
  Must(store().Rehash(owner.id, "new", "dearer"));
  EXPECT_EQ(Must(store().FindLoginById(owner.id))->password, "dearer");
  EXPECT_FALSE(Must(store().FindLogin("nobody")));
}

TEST_P(AccountsStoreTest, AResetLinkIsGoodOnceAndEndsAllSessions) {
  const User owner = SetUpOwner();
  const User ann = Joined(owner, "ann", Role::kMember);
  Must(store().AddResetLink(By(owner), ann.id, "first", Hours(1)));
  Must(store().AddResetLink(By(owner), ann.id, "second", Hours(1)));
  EXPECT_FALSE(Must(store().HasLink(LinkKind::kReset, "first"))) << "a newer one takes its place";
  const Changed changed = Must(store().ResetPassword("second", "new", "10.0.0.9"));
  EXPECT_EQ(changed.user.id, ann.id);
  EXPECT_EQ(changed.ended.size(), 1u);
  EXPECT_FALSE(IsLive("ann-session"));
  EXPECT_EQ(Must(store().FindLogin("ann"))->password, "new");
  EXPECT_EQ(ErrorOf(store().ResetPassword("second", "more", "10.0.0.9")), Errc::kNotFound);
  EXPECT_EQ(ErrorOf(store().AddResetLink(By(ann), owner.id, "x", Hours(1))), Errc::kPermissionDenied);
  EXPECT_EQ(ErrorOf(store().AddResetLink(By(owner), "nobody", "x", Hours(1))), Errc::kNotFound);
}

TEST_P(AccountsStoreTest, AResetLinkEndsWithWhatItWasGivenFor) {
  const User owner = SetUpOwner();
  const User admin = Joined(owner, "adam", Role::kAdmin);
  const User ann = Joined(owner, "ann", Role::kMember);
  const auto link = [&] { Must(store().AddResetLink(By(admin), ann.id, "link", Hours(1))); };
  const auto is_good = [&] { return Must(store().HasLink(LinkKind::kReset, "link")); };
  link();
  Must(store().ChangeUser(By(owner), ann.id, {.role = Role::kOwner}));
  EXPECT_FALSE(is_good()) << "the user has risen above who made it";
  Must(store().ChangeUser(By(owner), ann.id, {.role = Role::kMember}));
  link();
  Must(store().ChangePassword(By(ann), "h", "h2", ""));
  EXPECT_FALSE(is_good()) << "the user has another password";
  link();
  Must(store().ChangeUser(By(owner), ann.id, {.name = "Ann"}));
  EXPECT_TRUE(is_good());
  Must(store().ChangeUser(By(owner), admin.id, {.disabled = true}));
  EXPECT_FALSE(is_good()) << "who made it may do so no more";
}

TEST_P(AccountsStoreTest, ADisabledUserIsOutUntilEnabled) {
  const User owner = SetUpOwner();
  const User ann = Joined(owner, "ann", Role::kMember);
  Must(store().AddResetLink(By(owner), ann.id, "link", Hours(1)));
  const Changed changed = Must(store().ChangeUser(By(owner), ann.id, {.disabled = true}));
  EXPECT_TRUE(changed.user.disabled);
  EXPECT_EQ(changed.ended.size(), 1u);
  EXPECT_FALSE(IsLive("ann-session"));
  EXPECT_EQ(ErrorOf(store().OpenSession(ann.id, "h", SessionOf("x"))), Errc::kUnauthenticated);
  EXPECT_EQ(ErrorOf(store().ResetPassword("link", "new", "")), Errc::kNotFound);
  EXPECT_TRUE(Must(store().ChangeUser(By(owner), ann.id, {.disabled = true})).ended.empty());
  EXPECT_FALSE(Must(store().ChangeUser(By(owner), ann.id, {.disabled = false})).user.disabled);
  Must(store().OpenSession(ann.id, "h", SessionOf("y")));
}

TEST_P(AccountsStoreTest, ARoleThatChangesEndsTokensButNoSession) {
  const User owner = SetUpOwner();
  const User ann = Joined(owner, "ann", Role::kMember);
  const auto live = Must(store().FindSession(HashOfToken("ann-session"), Hours(1)));
  const Changed changed = Must(store().ChangeUser(By(owner), ann.id, {.role = Role::kAdmin, .name = "Ann"}));
  EXPECT_EQ(changed.ended, std::vector<std::string>{TokenIdOf(live->session.id, ann.generation)});
  EXPECT_EQ(changed.user.generation, ann.generation + 1);
  EXPECT_EQ(changed.user.name, "Ann");
  EXPECT_TRUE(IsLive("ann-session"));
}

TEST_P(AccountsStoreTest, TheLastOwnerStays) {
  const User owner = SetUpOwner();
  EXPECT_EQ(ErrorOf(store().ChangeUser(By(owner), owner.id, {.role = Role::kAdmin})), Errc::kRefused);
  const User second = Joined(owner, "second", Role::kOwner);
  Must(store().ChangeUser(By(owner), second.id, {.disabled = true}));
  EXPECT_EQ(ErrorOf(store().ChangeUser(By(owner), owner.id, {.role = Role::kAdmin})), Errc::kRefused)
      << "a disabled owner is none";
  EXPECT_EQ(ErrorOf(store().ChangeUser(By(owner), owner.id, {.disabled = true})), Errc::kRefused);
  Must(store().ChangeUser(By(owner), second.id, {.disabled = false}));
  Must(store().ChangeUser(By(owner), owner.id, {.role = Role::kAdmin}));
}

Task<void> Demote(Store& store, Actor actor, std::string user, int& refused, int& done) {
  const auto changed = co_await store.ChangeUser(std::move(actor), std::move(user), {.role = Role::kMember});
  refused += changed ? 0 : 1;
  ++done;
}

TEST_P(AccountsStoreTest, TwoOwnersWhoDemoteEachOtherAtOnceLeaveOne) {
  const User one = SetUpOwner();
  const User two = Joined(one, "two", Role::kOwner);
  int refused = 0;
  int done = 0;
  const auto other = OpenAnother();
  TaskScope scope;
  scope.Spawn(Demote(store(), By(one), two.id, refused, done));
  scope.Spawn(Demote(*other, By(two), one.id, refused, done));
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return done == 2; }));
  EXPECT_EQ(refused, 1);
  EXPECT_TRUE(Must(store().HasOwner()));
}

// Rows: who acts; columns: whom it is done to, or what is granted: guest, member, admin, owner.
TEST_P(AccountsStoreTest, NobodyActsAboveThemselves) {
  const User owner = SetUpOwner();
  const Role roles[] = {Role::kGuest, Role::kMember, Role::kAdmin, Role::kOwner};
  std::vector<User> actors;
  std::vector<User> targets;
  for (const Role role : roles) {
    const std::string name(Name(role));
    actors.push_back(Joined(owner, "actor-" + name, role));
    targets.push_back(Joined(owner, "target-" + name, role));
  }
  const char* const kMay[] = {"----", "----", "xxx-", "xxxx"};
  int links = 0;
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t t = 0; t < 4; ++t) {
      SCOPED_TRACE(actors[a].username + " and " + targets[t].username);
      const std::optional<Errc> wanted =
          kMay[a][t] == 'x' ? std::nullopt : std::optional(Errc::kPermissionDenied);
      const Actor actor = By(actors[a]);
      const std::string hash = "hash" + std::to_string(++links);
      EXPECT_EQ(ErrorOf(store().ChangeUser(actor, targets[t].id, {.name = "Other"})), wanted);
      EXPECT_EQ(ErrorOf(store().ChangeUser(actor, targets[t].id, {.disabled = true})), wanted);
      EXPECT_EQ(ErrorOf(store().ChangeUser(actor, targets[t].id, {.disabled = false})), wanted);
      EXPECT_EQ(ErrorOf(store().AddResetLink(actor, targets[t].id, hash, Hours(1))), wanted);
      EXPECT_EQ(ErrorOf(store().ChangeUser(actor, targets[0].id, {.role = roles[t]})), wanted);
      Must(store().ChangeUser(By(owner), targets[0].id, {.role = Role::kGuest}));
      EXPECT_EQ(ErrorOf(store().AddInvite(
                    actor, {.id = hash, .token_hash = hash, .role = roles[t], .ttl = Hours(1)})),
                wanted);
      if (wanted) {
        Must(store().AddInvite(By(owner),
                               {.id = hash, .token_hash = hash, .role = roles[t], .ttl = Hours(1)}));
      }
      EXPECT_EQ(ErrorOf(store().RemoveInvite(actor, hash)), wanted);
    }
  }
  EXPECT_EQ(ErrorOf(store().ChangeUser({.user = "nobody"}, targets[0].id, {.name = "x"})),
            Errc::kPermissionDenied);
  Must(store().ChangeUser(By(owner), actors[2].id, {.disabled = true}));
  EXPECT_EQ(ErrorOf(store().ChangeUser(By(actors[2]), targets[0].id, {.name = "x"})), Errc::kPermissionDenied)
      << "a disabled admin";
}

TEST_P(AccountsStoreTest, UsersAreListedInPagesAndFound) {
  const User owner = SetUpOwner();
  for (const char* name : {"ann", "bob", "cy.x", "cy_x", "cyz"}) Joined(owner, name, Role::kMember);
  const UserPage first = Must(store().ListUsers("", "", 4));
  EXPECT_TRUE(first.has_more);
  ASSERT_EQ(first.users.size(), 4u);
  EXPECT_EQ(first.users[0].username, "ann");
  EXPECT_EQ(first.users[2].username, "cy.x");
  const UserPage second = Must(store().ListUsers("", first.users[3].username, 4));
  EXPECT_FALSE(second.has_more);
  ASSERT_EQ(second.users.size(), 2u);
  EXPECT_EQ(second.users[1].username, "owner");
  EXPECT_EQ(Must(store().ListUsers("cy_", "", 4)).users.size(), 1u) << "no character stands for others";
  EXPECT_EQ(Must(store().ListUsers("name of b", "", 4)).users.size(), 1u);
  EXPECT_TRUE(Must(store().ListUsers("%", "", 4)).users.empty());
}

TEST_P(AccountsStoreTest, PeopleChangeTheirOwnNameAndAddress) {
  const User owner = SetUpOwner();
  const User named = Must(store().ChangeOwn(By(owner), "Ada", std::nullopt));
  EXPECT_EQ(named.name, "Ada");
  const User reached = Must(store().ChangeOwn(By(owner), std::nullopt, "a@b"));
  EXPECT_EQ(reached.name, "Ada");
  EXPECT_EQ(reached.email, "a@b");
  EXPECT_EQ(Must(store().ChangeOwn(By(owner), std::nullopt, "")).email, "");
  EXPECT_EQ(ErrorOf(store().ChangeOwn({.user = "nobody"}, "x", std::nullopt)), Errc::kUnauthenticated);
}

TEST_P(AccountsStoreTest, TheAuditLogSaysWhoDidWhat) {
  const User owner = SetUpOwner();
  const User ann = Joined(owner, "ann", Role::kMember);
  Must(store().ChangeUser(By(owner), ann.id, {.role = Role::kAdmin}));
  const AuditPage page = Must(store().ListAudit({}, 0, 2));
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_EQ(page.next, page.entries[1].id);
  EXPECT_EQ(page.entries[0].action, "user.changed");
  EXPECT_EQ(page.entries[0].actor, owner.id);
  EXPECT_EQ(page.entries[0].target, ann.id);
  EXPECT_EQ(page.entries[0].address, "10.0.0.2");
  EXPECT_EQ(page.entries[0].detail, "role from member to admin");
  EXPECT_EQ(page.entries[1].action, "user.joined");
  const AuditPage rest = Must(store().ListAudit({}, page.entries[1].id, 10));
  EXPECT_EQ(rest.next, 0);
  EXPECT_EQ(rest.entries.back().action, "owner.set_up");
}

TEST_P(AccountsStoreTest, SweepingRemovesWhatIsOver) {
  const User owner = SetUpOwner("a");
  Must(store().OpenSession(owner.id, "h", SessionOf("b")));
  Must(store().AddInvite(By(owner), {.id = "i", .token_hash = "inv", .ttl = Hours(1)}));
  Must(store().AddResetLink(By(owner), owner.id, "link", Hours(1)));
  EXPECT_FALSE(Must(store().Sweep(Hours(1)))) << "nothing is over";
  const Counts before = Must(store().Count());
  EXPECT_EQ(before.users, 1);
  EXPECT_EQ(before.sessions, 2);
  Run("update @_sessions set expires_at = 1 where token_hash = '" + HashOfToken("b") + "'");
  Run("update @_invites set expires_at = 1");
  Run("update @_links set expires_at = 1");
  Run("update @_audit set at = 1");
  EXPECT_TRUE(Must(store().Sweep(Hours(1))));
  EXPECT_EQ(Must(store().Count()).sessions, 1);
  EXPECT_TRUE(IsLive("a"));
  EXPECT_TRUE(Must(store().ListAudit({}, 0, 10)).entries.empty());
  EXPECT_FALSE(Must(store().Sweep(Hours(1))));
}

}  // namespace
}  // namespace tidemill::accounts
