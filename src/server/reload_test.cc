#include "server/reload.h"

#include <gtest/gtest.h>

#include <string>

#include "settings/settings.h"

namespace tidemill::server {
namespace {

using Lines = std::vector<std::string>;

class ReloadTest : public ::testing::Test {
 protected:
  Reloadable Good(std::string_view name) {
    return {.name = name, .prepare = [this, name](const settings::Settings&) -> Result<Commit> {
              happened_.push_back("prepare " + std::string(name));
              return [this, name] { happened_.push_back("commit " + std::string(name)); };
            }};
  }
  static Reloadable Bad() {
    return {.name = "bad", .prepare = [](const settings::Settings&) -> Result<Commit> {
              return Fail(Errc::kInvalidArgument, "not like this");
            }};
  }

  Lines happened_;
};

TEST_F(ReloadTest, PreparesAllBeforeTheFirstCommits) {
  EXPECT_TRUE(ReloadAll({Good("a"), Good("b")}, {}));
  EXPECT_EQ(happened_, (Lines{"prepare a", "prepare b", "commit a", "commit b"}));
}

TEST_F(ReloadTest, CommitsNothingWhenOnePartRefuses) {
  const Result<void> reloaded = ReloadAll({Good("a"), Bad(), Good("c")}, {});
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().detail, "not like this");
  EXPECT_EQ(happened_, Lines{"prepare a"});
}

}  // namespace
}  // namespace tidemill::server
