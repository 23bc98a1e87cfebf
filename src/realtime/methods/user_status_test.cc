#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "realtime/methods/testing/methods_fixture.h"
#include "realtime/status/memory_table.h"

namespace tidemill::methods {
namespace {

using api::testing::Reply;
using testing::MethodsFixture;

const Reply kDone{200, R"({"result":{}})"};

class UserStatusMethods : public ::testing::Test {
 protected:
  UserStatusMethods() { api_.SetUserStatus(*store_); }
  Reply Get(const std::string& users) { return api_.Post("get_user_status", R"({"users":)" + users + "}"); }

  MethodsFixture api_;
  metrics::Registry registry_;
  status::MemoryTable table_{{}, registry_};
  std::unique_ptr<status::Store> store_ = table_.MakeStore(SystemClock());
};

TEST_F(UserStatusMethods, TellWhenUsersWereActiveAndOnline) {
  const WallTime online{(SystemClock().WallNow().ms / 1000 - 60) * 1000};
  table_.Note("b", status::Sign::kOnline, online);
  EXPECT_EQ(api_.Post("update_user_status", R"({"users":["a"]})"), kDone);
  const std::string active = std::to_string(table_.Get("a", SystemClock().WallNow()).active);
  EXPECT_NE(active, "0");
  EXPECT_EQ(Get(R"(["a","b","c"])").body, R"({"result":{"statuses":[{"user":"a","active":)" + active +
                                              R"(},{"user":"b","online":)" +
                                              std::to_string(online.ms / 1000) + R"(},{"user":"c"}]}})");
  EXPECT_EQ(api_.Post("delete_user_status", R"({"users":["a","b"]})"), kDone);
  EXPECT_EQ(Get(R"(["a","b"])").body, R"({"result":{"statuses":[{"user":"a"},{"user":"b"}]}})");
}

TEST_F(UserStatusMethods, RefuseWhatIsNoListOfUsers) {
  std::string many = R"(["u")";
  for (int i = 0; i < 1000; ++i) many += R"(,"u")";
  many += "]";
  for (const std::string& users : {std::string("[]"), std::string("null"), std::string(R"([""])"), many,
                                   R"([")" + std::string(1025, 'x') + R"("])"}) {
    SCOPED_TRACE(users.substr(0, 40));
    EXPECT_NE(Get(users).body.find(R"("code":107)"), std::string::npos);
  }
}

TEST(UserStatus, IsNotAvailableWhereItIsNotKept) {
  MethodsFixture api;
  const std::string answer = api.Post("get_user_status", R"({"users":["a"]})").body;
  EXPECT_NE(answer.find(R"("code":108)"), std::string::npos) << answer;
}

}  // namespace
}  // namespace tidemill::methods
