#include "postgres/address/password_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "postgres/address/address.h"

namespace tidemill::postgres {
namespace {

TEST(PasswordFile, GivesThePasswordOfTheFirstLineThatFits) {
  const PasswordFile file = PasswordFile::Parse(
      "# a comment\n"
      "\n"
      "too:few:fields\n"
      "h:1:d:u:plain\r\n"
      "h:*:*:u:any port\n"
      "a\\:b:1:d\\\\:u:p\\:q\\\\r:s\n"
      "localhost:*:*:u:local\n"
      "*:*:*:\\*:star\n"
      "*:7:*:*:\n"
      "*:*:*:last:end");
  struct Case {
    const char* host;
    std::uint16_t port;
    const char* database;
    const char* user;
    std::optional<std::string> password;
  };
  const Case cases[] = {
      {"h", 1, "d", "u", "plain"},
      {"h", 2, "d", "u", "any port"},
      {"a:b", 1, "d\\", "u", "p:q\\r:s"},
      {"/var/run/postgresql", 5432, "d", "u", "local"},
      {"/elsewhere", 5432, "d", "u", std::nullopt},
      {"h", 1, "d", "*", "star"},
      {"x", 1, "d", "y", std::nullopt},
      {"x", 7, "d", "y", ""},
      {"x", 1, "d", "last", "end"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.host) + " " + c.user);
    EXPECT_EQ(file.Find({.host = c.host, .port = c.port}, c.database, c.user), c.password);
  }
}

class PasswordFileOnDisk : public ::testing::Test {
 protected:
  PasswordFileOnDisk() {
    EXPECT_NE(mkdtemp(folder_), nullptr);
    std::ofstream(path()) << "*:*:*:*:secret\n";
  }
  ~PasswordFileOnDisk() override {
    unlink(path().c_str());
    rmdir(folder_);
  }
  std::string path() const { return std::string(folder_) + "/.pgpass"; }

  char folder_[32] = "/tmp/tidemill-pgpass-XXXXXX";
};

TEST_F(PasswordFileOnDisk, IsReadWhenOnlyItsOwnerMay) {
  chmod(path().c_str(), 0600);
  const Environment environment{.os_user = "os", .home = folder_};
  EXPECT_EQ(Address::Parse("postgres://h", "", environment)->PasswordFor({.host = "h"}), "secret");
  const Environment named{.variables = {{"PGPASSFILE", path()}}, .os_user = "os"};
  EXPECT_EQ(Address::Parse("postgres://h", "", named)->PasswordFor({.host = "h"}), "secret");
  EXPECT_EQ(Address::Parse("postgres://:p@h", "", environment)->PasswordFor({.host = "h"}), "p");
}

TEST_F(PasswordFileOnDisk, IsNotReadWhenOthersMay) {
  for (const mode_t mode : {0640u, 0604u, 0620u, 0660u}) {
    chmod(path().c_str(), mode);
    const auto address = Address::Parse("postgres://h", "", {.os_user = "os", .home = folder_});
    ASSERT_TRUE(address);
    EXPECT_EQ(address->PasswordFor({.host = "h"}), "");
    EXPECT_TRUE(address->password_file_problem.contains("chmod 0600")) << address->password_file_problem;
  }
}

TEST_F(PasswordFileOnDisk, IsAPlainFile) {
  EXPECT_EQ(PasswordFile::Read(folder_).error().code, Errc::kPermissionDenied);
  EXPECT_EQ(PasswordFile::Read(path() + "x").error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace tidemill::postgres
