#include "postgres/testing/pgbouncer.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "net/socket.h"
#include "postgres/testing/processes.h"

namespace tidemill::postgres::testing {
namespace {

constexpr const char* kProgram = "/usr/sbin/pgbouncer";
constexpr int kStartsMax = 20;

bool Listens(std::uint16_t port) {
  socklen_t bytes = 0;
  const auto ip = net::IpAddress::Parse("127.0.0.1");
  const sockaddr_storage address = net::ToSockaddr(net::SocketAddress{*ip, port}, bytes);
  const net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), bytes) == 0;
}

}  // namespace

Pgbouncer::Pgbouncer(const PostgresServer& server, PgbouncerOptions options) {
  GiveToServerUser(folder_.path());
  for (int i = 0; i < kStartsMax && process_ == 0; ++i) Start(server, options);
  if (process_ == 0) GiveUp("PgBouncer does not start; its log:\n" + log());
}

// Leaves process_ 0 when it ended at once, because another one was faster to take the port.
void Pgbouncer::Start(const PostgresServer& server, const PgbouncerOptions& options) {
  port_ = FreePort();
  const std::string path = folder_.path() + "/pgbouncer.ini";
  std::ofstream file(path);
  file << "[databases]\n* = host=" << server.folder() << " port=" << server.port()
       << " user=postgres\n[pgbouncer]\n"
       << "listen_addr = 127.0.0.1\nlisten_port = " << port_ << "\nunix_socket_dir =\nauth_type = any\n"
       << "pool_mode = " << options.pool_mode << "\n";
  for (const std::string& line : options.lines) file << line << "\n";
  file.close();
  process_ = Spawn({kProgram, path}, folder_.path() + "/log");
  if (process_ == 0) GiveUp("there is no PgBouncer; on Debian: apt-get install pgbouncer");
  const bool settled = WaitUntil([this] {
    if (waitpid(process_, nullptr, WNOHANG) != process_) return Listens(port_);
    process_ = 0;
    return true;
  });
  if (!settled) GiveUp("PgBouncer does not answer; its log:\n" + log());
}

Pgbouncer::~Pgbouncer() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::string Pgbouncer::url(std::string_view more) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres" + std::string(more);
}

std::string Pgbouncer::log() const {
  std::stringstream text;
  text << std::ifstream(folder_.path() + "/log").rdbuf();
  return text.str();
}

}  // namespace tidemill::postgres::testing
