#include "redis/testing/redis_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "redis/connection/reply_reader.h"

namespace tidemill::redis::testing {
namespace {

using tidemill::testing::FreePort;
using tidemill::testing::GiveUp;

constexpr const char* kProgram = "redis-server";
constexpr std::uint16_t kBusOffset = 10'000;  // a cluster's bus has the port so far above
constexpr std::size_t kReplyBytesMax = 64u << 20;

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(fd_); }

  bool Connect(std::uint16_t port) const {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

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

RedisServer::RedisServer(ServerOptions options) : options_(std::move(options)) {
  process_.StartOnFreePort([this] {
    port_ = FreePort(kBusOffset);
    tls_port_ = options_.tls_key.empty() ? std::uint16_t{0} : FreePort(kBusOffset);
    std::ofstream(folder_.path() + "/redis.conf") << ConfigText();
    return Program();
  });
}

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

tidemill::testing::ServerProgram RedisServer::Program() const {
  std::vector<std::string> command{kProgram, folder_.path() + "/redis.conf"};
  if (options_.role == ServerOptions::Role::kSentinel) command.push_back("--sentinel");
  return {.name = "redis-server",
          .program = {.command = std::move(command), .log = folder_.path() + "/redis.log"},
          .missing = "there is no redis-server; on Debian: apt-get install redis-server",
          .answers = [this] { return Answers(); }};
}

bool RedisServer::Answers() const {
  const std::optional<Reply> reply = AskOnce(port_, WithCredentials(options_.credentials, {"PING"}));
  return reply && !reply->is_error();
}

std::string RedisServer::log() const { return tidemill::testing::ContentsOf(folder_.path() + "/redis.log"); }

void RedisServer::Shutdown() { process_.Shutdown(SIGTERM); }

void RedisServer::Restart() { process_.Restart(Program()); }

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
