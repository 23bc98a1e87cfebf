#include "redis/testing/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "redis/connection/reply_reader.h"

namespace tidemill::redis::testing {
namespace {

constexpr const char* kProgram = "redis-server";
constexpr int kStartsMax = 20;
// Below what Linux hands out by itself; a cluster's bus has the port 10000 above.
constexpr std::uint16_t kPortMin = 10'000;
constexpr std::uint16_t kPortMax = 22'000;
constexpr std::uint16_t kBusOffset = 10'000;
constexpr std::size_t kReplyBytesMax = 64u << 20;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(fd_); }

  bool Bind(std::uint16_t port) const {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = Loopback(port);
    return bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool Connect(std::uint16_t port) const {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const sockaddr_in address = Loopback(port);
    return connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

std::uint16_t FreePort() {
  while (true) {
    const auto port = static_cast<std::uint16_t>(kPortMin + RandomBelow(kPortMax - kPortMin));
    const Socket own;
    const Socket bus;
    if (own.Bind(port) && bus.Bind(static_cast<std::uint16_t>(port + kBusOffset))) return port;
  }
}

// A question and its answer; nullopt: the server did not give one.
std::optional<Reply> AskOnce(std::uint16_t port, const std::vector<Command>& commands) {
  const Socket socket;
  if (!socket.Connect(port)) return std::nullopt;
  ReplyReader reader(kReplyBytesMax);
  std::optional<Reply> last;
  for (const Command& command : commands) {
    std::string bytes;
    command.AppendTo(bytes);
    if (send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      return std::nullopt;
    }
    while (true) {
      auto reply = reader.Next();
      if (!reply) return std::nullopt;
      if (*reply) {
        last = **std::move(reply);
        break;
      }
      char buffer[65536];
      const ssize_t got = recv(socket.fd(), buffer, sizeof buffer, 0);
      if (got <= 0 || !reader.Feed({buffer, static_cast<std::size_t>(got)})) return std::nullopt;
    }
  }
  return last;
}

std::vector<Command> WithCredentials(const Credentials& credentials, const Command& command) {
  if (credentials.password.empty()) return {command};
  if (credentials.user.empty()) return {{"AUTH", credentials.password}, command};
  return {{"AUTH", credentials.user, credentials.password}, command};
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

RedisServer::RedisServer(ServerOptions options) : options_(std::move(options)) {
  for (int i = 0; i < kStartsMax; ++i) {
    port_ = FreePort();
    tls_port_ = options_.tls_key.empty() ? std::uint16_t{0} : FreePort();
    std::ofstream(folder_.path() + "/redis.conf") << ConfigText();
    Start();
    if (running()) return;
  }
  GiveUp("redis-server does not start; its log:\n" + log());
}

RedisServer::~RedisServer() { Kill(); }

std::string RedisServer::ConfigText() const {
  std::ostringstream text;
  text << "bind 127.0.0.1\nport " << port_ << "\ndir " << folder_.path() << "\nlogfile redis.log\n"
       << "daemonize no\nprotected-mode no\n";
  if (options_.role == ServerOptions::Role::kServer) {
    text << "save \"\"\nenable-debug-command yes\nrepl-diskless-sync-delay 0\n"
         << "appendonly " << (options_.append_only ? "yes" : "no") << "\nappendfsync always\n";
  }
  const Credentials& credentials = options_.credentials;
  if (!credentials.user.empty()) {
    text << "user default off\nuser " << credentials.user << " on >" << credentials.password
         << " ~* &* +@all\n";
  } else if (!credentials.password.empty()) {
    text << "requirepass " << credentials.password << "\n";
  }
  if (options_.unix_socket) text << "unixsocket " << unix_endpoint().unix_path << "\n";
  if (tls_port_ != 0) {
    text << "tls-port " << tls_port_ << "\ntls-cert-file " << options_.tls_certificate << "\ntls-key-file "
         << options_.tls_key << "\ntls-auth-clients no\n";
  }
  for (const std::string& line : options_.lines) text << line << "\n";
  return text.str();
}

// Leaves process_ 0 when the server ended at once, because another one was faster to take the port.
void RedisServer::Start() {
  int started[2];  // closed by exec; a byte says that there was no program
  if (pipe2(started, O_CLOEXEC) != 0) GiveUp("no pipe");
  const pid_t parent = getpid();
  const std::string config = folder_.path() + "/redis.conf";
  process_ = fork();
  if (process_ == 0) {
    setpgid(0, 0);  // a ^C for the test ends the test, which ends this
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (options_.role == ServerOptions::Role::kSentinel) {
      execlp(kProgram, kProgram, config.c_str(), "--sentinel", nullptr);
    } else {
      execlp(kProgram, kProgram, config.c_str(), nullptr);
    }
    [[maybe_unused]] const ssize_t put = write(started[1], "x", 1);
    _exit(127);
  }
  close(started[1]);
  char none = 0;
  const bool has_program = read(started[0], &none, 1) == 0;
  close(started[0]);
  if (!has_program) {
    GiveUp("there is no redis-server; on Debian: apt-get install redis-server");
  }
  const bool settled = WaitUntil([this] {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = 0;
      return true;
    }
    return Answers();
  });
  if (!settled) GiveUp("redis-server does not answer; its log:\n" + log());
}

bool RedisServer::Answers() const {
  const std::optional<Reply> reply = AskOnce(port_, WithCredentials(options_.credentials, {"PING"}));
  return reply && !reply->is_error();
}

std::string RedisServer::log() const {
  std::stringstream text;
  text << std::ifstream(folder_.path() + "/redis.log").rdbuf();
  return text.str();
}

void RedisServer::Kill() {
  if (process_ == 0) return;
  stopped_ = false;
  kill(process_, SIGKILL);
  waitpid(std::exchange(process_, 0), nullptr, 0);
}

void RedisServer::Shutdown() {
  if (process_ == 0) return;
  kill(process_, SIGTERM);
  waitpid(std::exchange(process_, 0), nullptr, 0);
}

void RedisServer::Stop() {
  kill(process_, SIGSTOP);
  stopped_ = true;
}

void RedisServer::Continue() {
  kill(process_, SIGCONT);
  stopped_ = false;
}

void RedisServer::Restart() {
  Kill();
  // Whoever has the port for a moment, such as a connection made from it, gives it back.
  const bool started = WaitUntil([this] {
    Start();
    return running();
  });
  if (!started) GiveUp("redis-server does not start again; its log:\n" + log());
}

Reply RedisServer::Ask(const Command& command) const {
  const std::optional<Reply> reply = AskOnce(port_, WithCredentials(options_.credentials, command));
  if (!reply) GiveUp("Redis does not answer " + std::string(command.name()));
  return *reply;
}

std::string RedisServer::Info(std::string_view field) const {
  std::istringstream lines(Ask({"INFO"}).text);
  const std::string begin = std::string(field) + ":";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(begin)) continue;
    if (line.ends_with('\r')) line.pop_back();
    return line.substr(begin.size());
  }
  return "";
}

}  // namespace tidemill::redis::testing
