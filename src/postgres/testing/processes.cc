#include "postgres/testing/processes.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace tidemill::postgres::testing {
namespace {

using tidemill::testing::GiveUp;

constexpr const char* kDebianFolder = "/usr/lib/postgresql/15/bin";

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// nullopt: the test's own user.
const std::optional<User>& OtherUser() {
  static const std::optional<User> user = []() -> std::optional<User> {
    if (geteuid() != 0) return std::nullopt;
    for (const char* const name : {"postgres", "nobody"}) {
      if (const passwd* const entry = getpwnam(name)) return User{name, entry->pw_uid, entry->pw_gid};
    }
    GiveUp("the tests run as root, PostgreSQL does not, and there is no user \"postgres\" or \"nobody\"");
  }();
  return user;
}

bool IsExecutable(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

// The script fetches what is not there yet, and prints where it is.
std::string Fetch18() {
  const std::string script = std::string(TM_SOURCE) + "/tests/lib/postgres18.sh";
  std::FILE* const pipe = popen((script + " 2>&1").c_str(), "r");
  if (pipe == nullptr) GiveUp("cannot run " + script);
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, got);
  if (pclose(pipe) != 0) GiveUp("PostgreSQL 18 could not be fetched: " + output);
  while (output.ends_with('\n')) output.pop_back();
  return output.substr(output.rfind('\n') + 1);
}

}  // namespace

std::string DebianPrograms() {
  if (!IsExecutable(std::string(kDebianFolder) + "/postgres")) {
    GiveUp("there is no PostgreSQL 15; on Debian 12: apt-get install postgresql");
  }
  return kDebianFolder;
}

std::string Programs18() {
  static const std::string folder = [] {
    const char* const given = std::getenv("TIDEMILL_POSTGRES_18");
    const std::string path = given != nullptr ? given : Fetch18();
    if (!IsExecutable(path + "/postgres")) GiveUp("there is no PostgreSQL 18 in " + path);
    return path;
  }();
  return folder;
}

void GiveToServerUser(const std::string& path) {
  const std::optional<User>& user = OtherUser();
  if (user && chown(path.c_str(), user->uid, user->gid) != 0)
    GiveUp("cannot give " + path + " to " + user->name);
}

std::string ServerUser() {
  if (OtherUser()) return OtherUser()->name;
  const passwd* const entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : "";
}

tidemill::testing::Program ProgramOf(std::vector<std::string> command, std::string log) {
  tidemill::testing::Program program{.command = std::move(command), .log = std::move(log)};
  if (const std::optional<User>& user = OtherUser()) {
    program.user = {.uid = user->uid, .gid = user->gid};
  }
  return program;
}

}  // namespace tidemill::postgres::testing
