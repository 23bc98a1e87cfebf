#include "cli/doctor_network.h"

#include <dirent.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "net/address.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr int kAcceptQueueMin = 4096;

// The inode of a socket that listens on `port`, from a table of /proc/net (see proc_pid_net(5)).
std::optional<std::string> ListeningInode(const char* table, std::uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  const std::string wanted = fmt::format(":{:04X}", port);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (state == "0A" && local.ends_with(wanted)) return inode;
  }
  return std::nullopt;
}

bool HoldsSocket(const std::string& process, const std::string& socket) {
  const std::string directory = "/proc/" + process + "/fd";
  DIR* descriptors = opendir(directory.c_str());
  if (descriptors == nullptr) return false;
  bool held = false;
  while (const dirent* entry = readdir(descriptors)) {
    char target[64];
    const ssize_t length = readlink((directory + "/" + entry->d_name).c_str(), target, sizeof target);
    held = held || (length > 0 && socket == std::string_view(target, static_cast<std::size_t>(length)));
  }
  closedir(descriptors);
  return held;
}

struct Process {
  std::string id;
  std::string name;
};

// The process that listens on the port; nullopt: none, or none that this user may see.
std::optional<Process> Listener(std::uint16_t port) {
  std::optional<std::string> inode = ListeningInode("/proc/net/tcp", port);
  if (!inode) inode = ListeningInode("/proc/net/tcp6", port);
  DIR* processes = inode ? opendir("/proc") : nullptr;
  if (processes == nullptr) return std::nullopt;
  std::optional<Process> found;
  while (const dirent* entry = readdir(processes)) {
    const std::string id = entry->d_name;
    if (found || id.find_first_not_of("0123456789") != id.npos) continue;
    if (!HoldsSocket(id, fmt::format("socket:[{}]", *inode))) continue;
    found = Process{id, ""};
    std::ifstream name("/proc/" + id + "/comm");
    std::getline(name, found->name);
  }
  closedir(processes);
  return found;
}

// Binds as the server would, but without sharing the port: 0, or an errno.
int TryBind(const net::SocketAddress& address) {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  const int off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(address.port);
  std::ranges::copy(address.ip.bytes, name.sin6_addr.s6_addr);
  const bool bound =
      bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && listen(fd, 1) == 0;
  const int error = bound ? 0 : errno;
  close(fd);
  return error;
}

Diagnosis CheckTcp(const std::string& subject, const net::SocketAddress& address) {
  const int error = TryBind(address);
  if (error == 0) return {Verdict::kOk, subject, "free"};
  if (error == EACCES) {
    return {Verdict::kFail, subject,
            "ports below 1024 are not for this user; setcap cap_net_bind_service+ep the program, or take "
            "another"};
  }
  if (error != EADDRINUSE)
    return {Verdict::kFail, subject, fmt::format("cannot listen: {}", std::strerror(error))};
  const std::optional<Process> process = Listener(address.port);
  if (!process) return {Verdict::kFail, subject, "taken by a process that this user cannot see; ask as root"};
  if (process->name == "tidemill") {
    return {Verdict::kWarn, subject, fmt::format("a tidemill is running there (process {})", process->id)};
  }
  return {Verdict::kFail, subject,
          fmt::format("taken by {} (process {}); stop it, or change http_server.listen", process->name,
                      process->id)};
}

Diagnosis CheckUnix(const std::string& subject, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return {Verdict::kFail, subject, "the path is too long"};
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return {Verdict::kFail, subject, fmt::format("{}: {}", directory, std::strerror(errno))};
  }
  return {Verdict::kOk, subject, "its directory can be written"};
}

}  // namespace

void CheckAddresses(const settings::Settings& settings, Diagnoses& out) {
  std::vector<std::string> all = settings.http_server.listen;
  all.insert(all.end(), settings.http_server.internal_listen.begin(),
             settings.http_server.internal_listen.end());
  for (const std::string& text : all) {
    const std::string subject = "address " + text;
    const Result<net::ListenAddress> address = net::ListenAddress::Parse(text);
    if (!address) {
      out.push_back({Verdict::kFail, subject, address.error().detail});
    } else if (!address->unix_path.empty()) {
      out.push_back(CheckUnix(subject, address->unix_path));
    } else {
      out.push_back(CheckTcp(subject, address->tcp));
    }
  }
}

void CheckAcceptQueue(Diagnoses& out) {
  std::ifstream file("/proc/sys/net/core/somaxconn");
  int length = 0;
  if (!(file >> length)) {
    out.push_back({Verdict::kWarn, "accept queue", "net.core.somaxconn cannot be read here"});
  } else if (length < kAcceptQueueMin) {
    out.push_back({Verdict::kWarn, "accept queue",
                   fmt::format("{} connections: a crowd that reconnects overflows it; sysctl -w "
                               "net.core.somaxconn={}",
                               length, kAcceptQueueMin)});
  } else {
    out.push_back({Verdict::kOk, "accept queue", fmt::format("{} connections", length)});
  }
}

}  // namespace tidemill::cli
