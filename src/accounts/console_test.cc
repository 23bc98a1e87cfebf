// Roles in the console and the record of what was done there, on every database.
#include <gtest/gtest.h>

#include "accounts/store.h"
#include "accounts/testing/store_fixture.h"

namespace tidemill::accounts {
namespace {

using testing::StoreTest;

class ConsoleTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(On, ConsoleTest, ::testing::ValuesIn(testing::Backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(ConsoleTest, NobodyHasARoleUnlessAnOwnerHasGivenIt) {
  const User owner = SetUpOwner();
  const User admin = Joined(owner, "admin", Role::kAdmin);
  const User ann = Joined(owner, "ann", Role::kMember);
  EXPECT_EQ(ConsoleRoleOf(owner), api::Role::kAdmin);
  EXPECT_EQ(ConsoleRoleOf(admin), std::nullopt);
  EXPECT_EQ(ConsoleRoleOf(ann), std::nullopt);
  for (const User& by : {admin, ann}) {
    EXPECT_EQ(ErrorOf(store().ChangeUser(By(by), ann.id, {.console = "viewer"})), Errc::kPermissionDenied);
  }
  const Changed changed = Must(store().ChangeUser(By(owner), ann.id, {.console = "operator"}));
  EXPECT_EQ(ConsoleRoleOf(changed.user), api::Role::kOperator);
  EXPECT_EQ(changed.user.role, Role::kMember);
  EXPECT_EQ(Must(store().FindSession(HashOfToken("ann-session"), Hours(1)))->user.console, "operator");
  EXPECT_EQ(Must(store().ListAudit({}, 0, 1)).entries[0].detail, "console from none to operator");
  const Changed same = Must(store().ChangeUser(By(owner), ann.id, {.name = "Ann"}));
  EXPECT_EQ(same.user.console, "operator") << "what is not said stays";
  EXPECT_EQ(Must(store().ChangeUser({.is_operator = true}, ann.id, {.console = ""})).user.console, "");
}

TEST_P(ConsoleTest, WhoHasARoleIsChangedByOwnersOnly) {
  const User owner = SetUpOwner();
  const User admin = Joined(owner, "admin", Role::kAdmin);
  const User ann = Joined(owner, "ann", Role::kMember);
  Must(store().AddResetLink(By(admin), ann.id, "before", Hours(1)));
  Must(store().ChangeUser(By(owner), ann.id, {.console = "viewer"}));
  EXPECT_EQ(ErrorOf(store().AddResetLink(By(admin), ann.id, "link", Hours(1))), Errc::kPermissionDenied)
      << "by the link the admin would become her";
  EXPECT_EQ(ErrorOf(store().ChangeUser(By(admin), ann.id, {.disabled = true})), Errc::kPermissionDenied);
  EXPECT_FALSE(Must(store().HasLink(LinkKind::kReset, "before"))) << "nor by one that was made before";
  Must(store().AddResetLink(By(owner), ann.id, "link", Hours(1)));
}

TEST_P(ConsoleTest, AnActionIsNotedBeforeItIsDoneAndWithItsResultAfter) {
  const User owner = SetUpOwner();
  const std::int64_t first = Must(store().BeginAction(By(owner), "api.publish", "channel=\"a\""));
  AuditEntry entry = Must(store().ListAudit({}, 0, 1)).entries.at(0);
  EXPECT_EQ(entry.id, first);
  EXPECT_EQ(entry.actor_name, "owner");
  EXPECT_EQ(entry.action, "api.publish");
  EXPECT_EQ(entry.target, "channel=\"a\"");
  EXPECT_EQ(entry.address, "10.0.0.2");
  EXPECT_EQ(entry.result, "");
  Must(store().EndAction(first, "done"));
  entry = Must(store().ListAudit({}, 0, 1)).entries.at(0);
  EXPECT_EQ(entry.result, "done");
}

TEST_P(ConsoleTest, TheAuditLogIsFilteredByWhoWhatAndOnWhat) {
  const User owner = SetUpOwner();
  const User ann = Joined(owner, "ann", Role::kMember);
  Must(store().BeginAction(By(ann), "api.publish", "channel=\"news\""));
  Must(store().BeginAction(By(owner), "api.jobs_kill", "jid=\"j1\""));
  Must(store().ChangeUser({.is_operator = true}, ann.id, {.disabled = true}));
  const auto found = [&](AuditFilter filter) {
    std::string actions;
    for (const AuditEntry& each : Must(store().ListAudit(std::move(filter), 0, 50)).entries) {
      actions += each.action + " ";
    }
    return actions;
  };
  EXPECT_EQ(found({.actor = "ann"}), "api.publish user.joined ");
  EXPECT_EQ(found({.actor = "operator"}), "user.changed ");
  EXPECT_EQ(found({.action = "api."}), "api.jobs_kill api.publish ");
  EXPECT_EQ(found({.target = "j1"}), "api.jobs_kill ");
  EXPECT_EQ(found({.actor = "owner", .action = "publish"}), "");
  EXPECT_EQ(found({.action = "user.changed", .target = "ann"}), "user.changed ") << "by the user name too";
  EXPECT_EQ(found({.target = "%"}), "") << "nothing in it is a pattern";
}

TEST_P(ConsoleTest, APageOfAFilterLooksAtSoManyAndSaysWhereToGoOn) {
  const User owner = SetUpOwner();
  Must(store().BeginAction(By(owner), "api.rare", ""));
  Run("insert into @_audit (at, actor, action, target, address, detail) "
      "with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000) "
      "select 1, '', 'other', '', '', '' from n");
  const AuditPage page = Must(store().ListAudit({.action = "rare"}, 0, 10));
  EXPECT_TRUE(page.entries.empty());
  ASSERT_NE(page.next, 0);
  const AuditPage rest = Must(store().ListAudit({.action = "rare"}, page.next, 10));
  ASSERT_EQ(rest.entries.size(), 1u);
  EXPECT_EQ(rest.next, 0);
}

}  // namespace
}  // namespace tidemill::accounts
