#include "cli/dev_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace tidemill::cli {
namespace {

constexpr Endpoint Local(std::uint16_t port) { return {.host = "127.0.0.1", .port = port}; }

class DevKeysTest : public ::testing::Test {
 protected:
  DevKeysTest() {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
  }
  ~DevKeysTest() override {
    unlink(PathOf(8000).c_str());
    unsetenv("XDG_RUNTIME_DIR");
    rmdir(folder_.c_str());
  }

  std::string PathOf(int port) const { return folder_ + "/tidemill-dev-" + std::to_string(port); }

  std::string folder_ = ::testing::TempDir() + "tidemill-keys-XXXXXX";
};

TEST_F(DevKeysTest, AreFoundWhileTheServerLives) {
  const DevKeys keys{.token_key = "abc", .api_key = "def"};
  {
    const auto file = DevKeyFile::Write(8000, keys);
    ASSERT_TRUE(file) << file.error().detail;
    struct stat status{};
    ASSERT_EQ(stat(PathOf(8000).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(FindDevKeys(Local(8000)), keys);
    EXPECT_EQ(FindDevKeys({.host = "localhost", .port = 8000}), keys);
    EXPECT_EQ(FindDevKeys({.host = "::1", .port = 8000}), keys);
    EXPECT_EQ(FindDevKeys(Local(8001)), std::nullopt);
    EXPECT_EQ(FindDevKeys({.host = "example.com", .port = 8000}), std::nullopt);
    EXPECT_FALSE(DevKeyFile::Write(8000, {})) << "of another server";
    EXPECT_EQ(FindDevKeys(Local(8000)), keys);
  }
  EXPECT_EQ(::access(PathOf(8000).c_str(), F_OK), -1);
}

TEST_F(DevKeysTest, OfADeadServerAreNotBelieved) {
  std::ofstream(PathOf(8000)) << "abc\ndef\n";
  chmod(PathOf(8000).c_str(), 0600);
  EXPECT_EQ(FindDevKeys(Local(8000)), std::nullopt);
  EXPECT_TRUE(DevKeyFile::Write(8000, {})) << "its file is taken over";
}

TEST_F(DevKeysTest, ThatOthersCanReadAreNotTrusted) {
  const auto file = DevKeyFile::Write(8000, {.token_key = "abc", .api_key = "def"});
  ASSERT_TRUE(file);
  chmod(PathOf(8000).c_str(), 0644);
  EXPECT_EQ(FindDevKeys(Local(8000)), std::nullopt);
  chmod(PathOf(8000).c_str(), 0600);
  EXPECT_TRUE(FindDevKeys(Local(8000)));
}

}  // namespace
}  // namespace tidemill::cli
