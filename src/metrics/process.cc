#include "metrics/process.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <limits>

namespace tidemill::metrics {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The first `N - 1` bytes of a file of /proc, with a NUL; false if it cannot be read.
template <std::size_t N>
bool ReadProc(const char* path, char (&out)[N]) {
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return false;
  const std::size_t got = std::fread(out, 1, N - 1, file);
  std::fclose(file);
  out[got] = '\0';
  return got > 0;
}

struct Memory {
  double virtual_bytes = kUnknown;
  double resident_bytes = kUnknown;
};

Memory ReadMemory() {
  char text[256];
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  if (!ReadProc("/proc/self/statm", text)) return {};
  if (std::sscanf(text, "%" SCNu64 " %" SCNu64, &pages, &resident) != 2) return {};
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  return {static_cast<double>(pages) * page_bytes, static_cast<double>(resident) * page_bytes};
}

double CpuSeconds() {
  timespec used{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return kUnknown;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// One more than the highest number that a descriptor may have at the moment; 0: unknown.
int DescriptorNumbers() {
  char status[4096];
  if (!ReadProc("/proc/self/status", status)) return 0;
  const char* const line = std::strstr(status, "FDSize:");
  int numbers = 0;
  return line != nullptr && std::sscanf(line, "FDSize: %d", &numbers) == 1 ? numbers : 0;
}

double OpenDescriptors() {
  const std::optional<int> told = DescriptorsAsTold();
  const int count = told ? *told : DescriptorsByAsking();
  return count < 0 ? kUnknown : count;
}

double DescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUnknown;
  return static_cast<double>(limit.rlim_cur);
}

// Field 22 of /proc/self/stat counts ticks since boot. The name in field 2 may hold blanks and
// parentheses, so fields are counted from the last ')'.
double StartTimeSeconds() {
  char stat[1024];
  if (!ReadProc("/proc/self/stat", stat)) return kUnknown;
  const char* field = std::strrchr(stat, ')');
  for (int i = 2; field != nullptr && i < 22; ++i) field = std::strchr(field + 1, ' ');
  std::uint64_t ticks = 0;
  if (field == nullptr || std::sscanf(field, "%" SCNu64, &ticks) != 1) return kUnknown;
  timespec wall{};
  timespec since_boot{};
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto seconds = [](const timespec& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
  };
  const double started = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return seconds(wall) - seconds(since_boot) + started;
}

}  // namespace

// The size of the folder is their number.
std::optional<int> DescriptorsAsTold() {
  struct stat facts{};
  if (stat("/proc/self/fd", &facts) != 0 || facts.st_size <= 0) return std::nullopt;
  return static_cast<int>(facts.st_size);
}

int DescriptorsByAsking() {
  const int numbers = DescriptorNumbers();
  if (numbers == 0) return -1;
  constexpr int kAtOnce = 256;
  pollfd asked[kAtOnce];
  int count = 0;
  for (int first = 0; first < numbers; first += kAtOnce) {
    for (int i = 0; i < kAtOnce; ++i) asked[i] = {.fd = first + i, .events = 0, .revents = 0};
    if (poll(asked, kAtOnce, 0) < 0) return -1;
    for (const pollfd& each : asked) count += (each.revents & POLLNVAL) == 0 ? 1 : 0;
  }
  return count;
}

std::uint64_t ResidentBytes() {
  const double bytes = ReadMemory().resident_bytes;
  return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;  // false for kUnknown
}

void AddProcessMetrics(Registry& registry) {
  registry.AddCallback("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", {},
                       CpuSeconds);
  registry.AddCallback("process_resident_memory_bytes", "Resident memory, in bytes.", {},
                       [] { return ReadMemory().resident_bytes; });
  registry.AddCallback("process_virtual_memory_bytes", "Virtual memory, in bytes.", {},
                       [] { return ReadMemory().virtual_bytes; });
  registry.AddCallback("process_open_fds", "Open file descriptors.", {}, OpenDescriptors);
  registry.AddCallback("process_max_fds", "Limit of open file descriptors.", {}, DescriptorLimit);
  // Read once: a scrape must not see it move with the wall clock.
  registry.AddCallback("process_start_time_seconds", "When the process started, in Unix time.", {},
                       [started = StartTimeSeconds()] { return started; });
}

}  // namespace tidemill::metrics
