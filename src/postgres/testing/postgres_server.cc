#include "postgres/testing/postgres_server.h"

#include <signal.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/ascii.h"
#include "net/socket.h"
#include "postgres/protocol/wire.h"
#include "postgres/testing/processes.h"
#include "postgres/testing/template.h"

namespace tidemill::postgres::testing {
namespace {

using tidemill::testing::ContentsOf;
using tidemill::testing::FreePort;
using tidemill::testing::GiveUp;
using tidemill::testing::RunToEnd;
using tidemill::testing::WaitUntil;

std::string ProgramsOf(Version version) { return version == Version::k18 ? Programs18() : DebianPrograms(); }

void Write(const std::string& path, const std::string& text) {
  unlink(path.c_str());
  std::ofstream(path) << text;
  GiveToServerUser(path);
}

// A file that the server's user may read and nobody else.
std::string CopyFor(const std::string& folder, const char* name, const std::string& file) {
  const std::string path = folder + "/" + name;
  Write(path, ContentsOf(file));
  chmod(path.c_str(), 0600);
  return path;
}

std::string ShellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

PostgresServer::PostgresServer(ServerOptions options) : options_(std::move(options)) {
  GiveToServerUser(folder_.path());
  CopyTemplate(ProgramsOf(options_.version), folder_.path());
  StartOnFreePort();
  if (!options_.sql.empty()) Run(options_.sql);
}

PostgresServer::PostgresServer(StandbyOf of) : options_(of.primary.options_) {
  GiveToServerUser(folder_.path());
  of.primary.CopyTo(folder_.path());
  Write(data() + "/standby.signal", "");
  Write(data() + "/postgresql.auto.conf", "primary_conninfo = 'host=" + of.primary.folder() + " port=" +
                                              std::to_string(of.primary.port()) + " user=postgres'\n");
  StartOnFreePort();
}

// A backup while it runs (PostgreSQL documentation, section 26.3.3): only Debian's version has pg_basebackup.
void PostgresServer::CopyTo(const std::string& folder) const {
  const std::string copy = folder + "/data";
  const std::string script = folder + "/backup.sql";
  Write(script,
        "\\pset format unaligned\n\\pset tuples_only on\nselect pg_backup_start('standby', true);\n"
        "\\! cp --archive " +
            data() + " " + copy + "\n\\! rm -rf " + copy + "/postmaster.pid " + copy +
            "/pg_replslot/*\n\\o " + copy + "/backup_label\nselect labelfile from pg_backup_stop(false);\n");
  RunToEnd(ProgramOf({DebianPrograms() + "/psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1",
                      "--host=" + this->folder(), "--port=" + std::to_string(port_), "--username=postgres",
                      "--dbname=postgres", "--file=" + script},
                     folder + "/backup.log"));
}

std::unique_ptr<PostgresServer> PostgresServer::MakeStandby() const {
  std::unique_ptr<PostgresServer> standby(new PostgresServer(StandbyOf{*this}));
  const bool follows = WaitUntil(
      [&] { return Run("select count(*) from pg_stat_replication where state = 'streaming'") != "0"; });
  if (!follows) GiveUp("the standby does not follow; its log:\n" + standby->log());
  return standby;
}

void PostgresServer::Promote() {
  if (Run("select pg_promote()") != "t") GiveUp("the standby was not promoted; its log:\n" + log());
}

PostgresServer::~PostgresServer() { Kill(); }

std::string PostgresServer::url(std::string_view more) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres" + std::string(more);
}

std::string PostgresServer::unix_url(std::string_view more) const {
  std::string host;
  for (const char c : folder_.path()) host += c == '/' ? std::string("%2F") : std::string(1, c);
  return "postgres://postgres@" + host + ":" + std::to_string(port_) + "/postgres" + std::string(more);
}

void PostgresServer::WriteFiles() const {
  std::ostringstream conf;
  conf << "listen_addresses = '127.0.0.1'\nport = " << port_ << "\nunix_socket_directories = '"
       << folder_.path()
       << "'\nshared_buffers = 16MB\nmin_wal_size = 2MB\nmax_wal_size = 64MB\nautovacuum = off\n"
       << "max_wal_senders = 4\nwal_level = logical\nlog_min_messages = info\nlog_connections = on\n"
       << "dynamic_shared_memory_type = mmap\nlc_messages = 'C'\nlogging_collector = "
          "off\nwal_retrieve_retry_interval = 100ms\n";
  if (!options_.durable) conf << "fsync = off\nfull_page_writes = off\n";
  if (!options_.tls_key.empty()) {
    conf << "ssl = on\nssl_cert_file = '" << CopyFor(folder_.path(), "server.pem", options_.tls_certificate)
         << "'\nssl_key_file = '" << CopyFor(folder_.path(), "server.key", options_.tls_key) << "'\n";
  }
  if (!options_.tls_authorities.empty()) {
    conf << "ssl_ca_file = '" << CopyFor(folder_.path(), "clients.pem", options_.tls_authorities) << "'\n";
  }
  for (const std::string& line : options_.lines) conf << line << "\n";
  Write(data() + "/postgresql.conf", conf.str());

  std::ostringstream hba;
  hba << "local all postgres trust\nlocal replication postgres trust\n";
  for (const std::string& line : options_.hba) hba << line << "\n";
  if (options_.hba.empty()) {
    hba << "local all all trust\nhost all all all trust\nhost replication all all trust\n";
  }
  Write(data() + "/pg_hba.conf", hba.str());
}

void PostgresServer::StartOnFreePort() {
  process_.StartOnFreePort([this] {
    port_ = FreePort();
    WriteFiles();
    return Program();
  });
}

tidemill::testing::ServerProgram PostgresServer::Program() const {
  const std::string program = ProgramsOf(options_.version) + "/postgres";
  return {.name = "PostgreSQL",
          .program = ProgramOf({program, "-D", data()}, folder_.path() + "/log"),
          .missing = "cannot run " + program + " as " + ServerUser(),
          .answers = [this] { return Answers(); }};
}

// Whether the superuser is let in.
bool PostgresServer::Answers() const {
  socklen_t bytes = 0;
  const sockaddr_storage address = net::ToSockaddr(unix_socket().unix_path(), bytes);
  const net::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), bytes) != 0) return false;
  std::string body;
  AppendUint32(body, 3u << 16);
  for (const char* const word : {"user", "postgres", "database", "postgres", ""}) AppendString(body, word);
  std::string message;
  AppendUint32(message, static_cast<std::uint32_t>(body.size() + 4));
  message += body;
  if (send(fd.get(), message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size())) {
    return false;
  }
  char type = 0;
  return recv(fd.get(), &type, 1, 0) == 1 && type == 'R';
}

std::string PostgresServer::log() const { return ContentsOf(folder_.path() + "/log"); }

std::string PostgresServer::Run(const std::string& sql, const std::string& database) const {
  const std::string command =
      DebianPrograms() + "/psql --no-psqlrc --no-align --tuples-only --quiet " +
      "--set=ON_ERROR_STOP=1 --host=" + folder_.path() + " --port=" + std::to_string(port_) +
      " --username=postgres --dbname=" + ShellQuoted(database) + " --command=" + ShellQuoted(sql) + " 2>&1";
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) GiveUp("cannot run psql");
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, got);
  if (pclose(pipe) != 0) GiveUp("psql: " + output + " of " + sql);
  if (output.ends_with('\n')) output.pop_back();
  return output;
}

void PostgresServer::Kill() {
  if (process_.id() == 0) return;
  const int memory = SharedMemory();
  process_.Kill();
  // It would stay on the machine until the same folder had a server again.
  if (memory >= 0) shmctl(memory, IPC_RMID, nullptr);
}

// Its System V segment, by which a server sees that another one has its folder; -1: none.
int PostgresServer::SharedMemory() const {
  std::ifstream file(data() + "/postmaster.pid");
  std::string line;
  for (int i = 0; i < 6; ++i) std::getline(file, line);
  long key = 0;
  int id = -1;
  file >> key >> id;
  return file ? id : -1;
}

void PostgresServer::Shutdown() { process_.Shutdown(SIGINT); }

void PostgresServer::Restart() {
  Kill();
  process_.Restart(Program());
}

PostgresServer& SharedServer(Version version) {
  if (version == Version::k18) {
    static PostgresServer server18({.version = Version::k18});
    return server18;
  }
  static PostgresServer server;
  return server;
}

}  // namespace tidemill::postgres::testing
