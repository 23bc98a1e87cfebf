#include "postgres/testing/processes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/random.h"
#include "net/socket.h"

namespace tidemill::postgres::testing {
namespace {

constexpr const char* kDebianFolder = "/usr/lib/postgresql/15/bin";
// Below what Linux hands out by itself.
constexpr std::uint16_t kPortMin = 10'000;
constexpr std::uint16_t kPortMax = 32'000;

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

std::string Contents(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

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

bool WaitUntil(const std::function<bool()>& done, Duration patience) {
  const MonotonicTime give_up = SystemClock().Now() + patience;
  while (!done()) {
    if (SystemClock().Now() > give_up) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

void GiveUp(const std::string& sentence) {
  ADD_FAILURE() << sentence;
  std::abort();
}

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

pid_t Spawn(const std::vector<std::string>& command, const std::string& log) {
  int started[2];  // closed by exec; a byte says that there was no program
  if (pipe2(started, O_CLOEXEC) != 0) GiveUp("no pipe");
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::optional<User>& user = OtherUser();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) GiveUp("cannot fork");
  if (child == 0) {
    setpgid(0, 0);  // a ^C for the test ends the test, which ends this
    const int out = open(log.empty() ? "/dev/null" : log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    const int in = open("/dev/null", O_RDONLY);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    const bool changed =
        !user || (setgroups(0, nullptr) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // after setuid, which clears it
    if (getppid() != parent || !changed || chdir("/") != 0) _exit(1);
    execv(arguments[0], arguments.data());
    [[maybe_unused]] const ssize_t put = write(started[1], "x", 1);
    _exit(127);
  }
  close(started[1]);
  char none = 0;
  const bool has_program = read(started[0], &none, 1) == 0;
  close(started[0]);
  if (has_program) return child;
  waitpid(child, nullptr, 0);
  return 0;
}

void RunToEnd(const std::vector<std::string>& command, const std::string& log) {
  const pid_t child = Spawn(command, log);
  if (child == 0) GiveUp("cannot run " + command[0] + " as " + ServerUser());
  int status = 0;
  const bool ended = WaitUntil([&] { return waitpid(child, &status, WNOHANG) == child; }, Seconds(120));
  if (!ended) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  if (!ended || status != 0) GiveUp(command[0] + (ended ? " failed: " : " does not end: ") + Contents(log));
}

std::uint16_t FreePort() {
  while (true) {
    const auto port = static_cast<std::uint16_t>(kPortMin + RandomBelow(kPortMax - kPortMin));
    const net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return port;
  }
}

}  // namespace tidemill::postgres::testing
