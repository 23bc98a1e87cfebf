#include "postgres/testing/pgbouncer.h"

#include <sys/socket.h>

#include <fstream>

#include "net/socket.h"
#include "postgres/testing/processes.h"

namespace tidemill::postgres::testing {
namespace {

using tidemill::testing::FreePort;
using tidemill::testing::ServerProgram;

constexpr const char* kProgram = "/usr/sbin/pgbouncer";

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
  process_.StartOnFreePort([&] {
    port_ = FreePort();
    const std::string path = folder_.path() + "/pgbouncer.ini";
    std::ofstream file(path);
    file << "[databases]\n* = host=" << server.folder() << " port=" << server.port()
         << " user=postgres\n[pgbouncer]\n"
         << "listen_addr = 127.0.0.1\nlisten_port = " << port_ << "\nunix_socket_dir =\nauth_type = any\n"
         << "pool_mode = " << options.pool_mode << "\n";
    for (const std::string& line : options.lines) file << line << "\n";
    return ServerProgram{.name = "PgBouncer",
                         .program = ProgramOf({kProgram, path}, folder_.path() + "/log"),
                         .missing = "there is no PgBouncer; on Debian: apt-get install pgbouncer",
                         .answers = [this] { return Listens(port_); }};
  });
}

std::string Pgbouncer::url(std::string_view more) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres" + std::string(more);
}

}  // namespace tidemill::postgres::testing
