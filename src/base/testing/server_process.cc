#include "base/testing/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/random.h"

namespace tidemill::testing {
namespace {

constexpr int kStartsMax = 20;
constexpr std::uint16_t kPortMin = 10'000;
constexpr std::uint16_t kPortMax = 32'000;

bool IsFree(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return is_free;
}

// In the child. `missing` gets a byte when there is no such program.
[[noreturn]] void Become(const Program& program, char* const* arguments, pid_t parent, int missing) {
  setpgid(0, 0);  // a ^C for the test ends the test, which ends this
  const char* const log = program.log.empty() ? "/dev/null" : program.log.c_str();
  const int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  const auto& user = program.user;
  const bool changed =
      !user || (setgroups(0, nullptr) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // after setuid, which clears it
  if (getppid() != parent || !changed || chdir("/") != 0) _exit(1);
  execvp(arguments[0], arguments);
  [[maybe_unused]] const ssize_t put = write(missing, "x", 1);
  _exit(127);
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

std::uint16_t FreePort(std::uint16_t companion) {
  while (true) {
    const auto port = static_cast<std::uint16_t>(kPortMin + RandomBelow(kPortMax - companion - kPortMin));
    if (IsFree(port) && IsFree(static_cast<std::uint16_t>(port + companion))) return port;
  }
}

std::string ContentsOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

pid_t Spawn(const Program& program) {
  int started[2];  // closed by exec; a byte says that there was no program
  if (pipe2(started, O_CLOEXEC) != 0) GiveUp("no pipe");
  std::vector<char*> arguments;
  for (const std::string& word : program.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) GiveUp("cannot fork");
  if (child == 0) Become(program, arguments.data(), parent, started[1]);
  close(started[1]);
  char none = 0;
  const bool has_program = read(started[0], &none, 1) == 0;
  close(started[0]);
  if (has_program) return child;
  waitpid(child, nullptr, 0);
  return 0;
}

void RunToEnd(const Program& program) {
  const pid_t child = Spawn(program);
  const std::string& name = program.command[0];
  if (child == 0) GiveUp("cannot run " + name);
  int status = 0;
  const bool ended = WaitUntil([&] { return waitpid(child, &status, WNOHANG) == child; });
  if (!ended) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  if (!ended || status != 0) {
    GiveUp(name + (ended ? " failed: " : " does not end: ") + ContentsOf(program.log));
  }
}

void ServerProcess::StartOnFreePort(const std::function<ServerProgram()>& prepare) {
  for (int i = 1;; ++i) {
    const ServerProgram server = prepare();
    Start(server);
    if (running()) return;
    if (i == kStartsMax) GiveUp(server.name + " does not start; its log:\n" + ContentsOf(server.program.log));
  }
}

void ServerProcess::Restart(const ServerProgram& server) {
  Kill();
  const bool started = WaitUntil([&] {
    Start(server);
    return running();
  });
  if (!started) GiveUp(server.name + " does not start again; its log:\n" + ContentsOf(server.program.log));
}

// Leaves process_ 0 when the server ended at once, because another one was faster to take the port.
void ServerProcess::Start(const ServerProgram& server) {
  process_ = Spawn(server.program);
  if (process_ == 0) GiveUp(server.missing);
  const bool settled = WaitUntil([&] {
    if (waitpid(process_, nullptr, WNOHANG) != process_) return server.answers();
    process_ = 0;
    return true;
  });
  if (!settled) GiveUp(server.name + " does not answer; its log:\n" + ContentsOf(server.program.log));
}

// To the process first, and to its children.
void ServerProcess::SignalAll(int signal) const {
  std::vector<pid_t> all{process_};
  const std::string id = std::to_string(process_);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; children >> child;) all.push_back(child);
  for (const pid_t process : all) kill(process, signal);
}

void ServerProcess::Kill() {
  if (process_ == 0) return;
  stopped_ = false;
  SignalAll(SIGKILL);
  waitpid(std::exchange(process_, 0), nullptr, 0);
}

void ServerProcess::Shutdown(int signal) {
  if (process_ == 0) return;
  kill(process_, signal);
  waitpid(std::exchange(process_, 0), nullptr, 0);
}

void ServerProcess::Stop() {
  SignalAll(SIGSTOP);
  stopped_ = true;
}

void ServerProcess::Continue() {
  SignalAll(SIGCONT);
  stopped_ = false;
}

}  // namespace tidemill::testing
