#include "accounts/role.h"

#include <gtest/gtest.h>

namespace tidemill::accounts {
namespace {

constexpr Role kAll[] = {Role::kGuest, Role::kMember, Role::kAdmin, Role::kOwner};

TEST(Role, NamesReadBack) {
  for (const Role role : kAll) EXPECT_EQ(ParseRole(Name(role)), role);
  for (const char* none : {"", "Owner", "root", "admin "}) EXPECT_FALSE(ParseRole(none)) << none;
}

// Rows: who acts; columns: guest, member, admin, owner.
TEST(Role, WhoMayDoWhatToWhom) {
  const char* const kMay[] = {
      "----",  // guest
      "----",  // member
      "xxx-",  // admin
      "xxxx",  // owner
  };
  for (const Role actor : kAll) {
    EXPECT_EQ(MayManage(actor), actor >= Role::kAdmin);
    for (const Role other : kAll) {
      const bool may = kMay[static_cast<int>(actor)][static_cast<int>(other)] == 'x';
      EXPECT_EQ(MayGrant(actor, other), may) << Name(actor) << " makes a " << Name(other);
      EXPECT_EQ(MayChange(actor, other), may) << Name(actor) << " changes a " << Name(other);
    }
  }
}

}  // namespace
}  // namespace tidemill::accounts
