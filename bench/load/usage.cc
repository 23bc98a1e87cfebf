#include "load/usage.h"

#include <dirent.h>
#include <time.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "load/wire.h"

namespace load {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::int64_t RunTime(const std::string& schedstat) { return std::atoll(ReadFile(schedstat).c_str()); }

// ksoftirqd of a core runs the receive half of what the server sends there, when there is too much of it.
std::string KernelNetworkThread(int core) {
  const std::string name = "ksoftirqd/" + std::to_string(core) + "\n";
  std::string path;
  if (DIR* const proc = opendir("/proc")) {
    while (const dirent* const entry = readdir(proc)) {
      const std::string folder = std::string("/proc/") + entry->d_name;
      if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || ReadFile(folder + "/comm") != name) continue;
      path = folder + "/schedstat";
      break;
    }
    closedir(proc);
  }
  return path;
}

void AddProcess(int pid, Usage& usage) {
  const std::string process = "/proc/" + std::to_string(pid);
  DIR* const tasks = opendir((process + "/task").c_str());
  if (tasks == nullptr) Die("the server is gone");
  while (const dirent* const entry = readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    usage.cpu_ns += RunTime(process + "/task/" + entry->d_name + "/schedstat");
  }
  closedir(tasks);
  const std::string status = ReadFile(process + "/status");
  const auto field = [&](const char* name) -> std::int64_t {
    const std::size_t at = status.find(name);
    return at == std::string::npos ? 0 : std::atoll(status.c_str() + at + std::strlen(name)) * 1024;
  };
  usage.rss_bytes += field("VmRSS:");
  usage.anonymous_bytes += field("RssAnon:");
}

}  // namespace

Usage UsageOf(const std::vector<int>& pids, int core) {
  static const std::string network = KernelNetworkThread(core);
  Usage usage;
  for (const int pid : pids) AddProcess(pid, usage);
  if (!network.empty()) usage.cpu_ns += RunTime(network);
  return usage;
}

std::int64_t OwnCpu() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
}

}  // namespace load
