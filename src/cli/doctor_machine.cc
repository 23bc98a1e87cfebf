#include "cli/doctor_machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>

#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr rlim_t kOpenFilesMin = 65'536;
constexpr std::uint64_t kMiB = 1 << 20;

// The number behind "MemAvailable:" in /proc/meminfo, in bytes.
std::optional<std::uint64_t> AvailableMemory() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::uint64_t kib = 0;
  while (file >> name >> kib) {
    if (name == "MemAvailable:") return kib * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

// What the container may use: cgroup version 2, then 1; nullopt: no limit.
std::optional<std::uint64_t> ContainerMemory() {
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    std::uint64_t bytes = 0;
    if (file >> bytes && bytes < std::uint64_t{1} << 50) return bytes;
  }
  return std::nullopt;
}

// Cores that the container may use: "max 100000" or "150000 100000".
std::optional<double> ContainerCores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (file >> quota >> period && period > 0) return quota / period;
  return std::nullopt;
}

std::int64_t NowUs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

void CheckOpenFiles(const settings::Settings& settings, Diagnoses& out) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::string text = fmt::format("{} at most", limit.rlim_max);
  const rlim_t wanted = settings.http_server.connection_limit;
  const std::string remedy = "raise it: LimitNOFILE=1048576 in the systemd unit, or ulimit -Hn 1048576";
  if (wanted >= limit.rlim_max) {
    out.push_back({Verdict::kFail, "open files",
                   fmt::format("{}, but client.connection_limit is {}; {}", text, wanted, remedy)});
  } else if (limit.rlim_max < kOpenFilesMin) {
    out.push_back({Verdict::kWarn, "open files", fmt::format("{}: each client is one; {}", text, remedy)});
  } else {
    out.push_back({Verdict::kOk, "open files", text});
  }
}

void CheckCores(const settings::Settings& settings, Diagnoses& out) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  const auto count = static_cast<std::uint32_t>(CPU_COUNT(&cores));
  const std::optional<double> quota = ContainerCores();
  const std::uint32_t loops = settings.loops == 0 ? count : settings.loops;
  const std::string text = fmt::format("{} core(s), {} loop(s)", count, loops);
  if (quota && *quota + 0.5 < loops) {
    out.push_back(
        {Verdict::kWarn, "cores",
         fmt::format(
             "{}, but the container may use {:.1f}: loops will be stopped in mid-turn; set loops = {}", text,
             *quota, std::max(1, static_cast<int>(*quota)))});
  } else if (loops > count) {
    out.push_back(
        {Verdict::kWarn, "cores", fmt::format("{}: more loops than cores only wait for each other", text)});
  } else {
    out.push_back({Verdict::kOk, "cores", text});
  }
}

void CheckMemory(const settings::Settings& settings, Diagnoses& out) {
  std::optional<std::uint64_t> bytes = AvailableMemory();
  if (const auto container = ContainerMemory(); container && (!bytes || *container < *bytes))
    bytes = container;
  if (!bytes) {
    out.push_back({Verdict::kWarn, "memory", "cannot be read here"});
    return;
  }
  const std::string text = fmt::format("{} MiB available", *bytes / kMiB);
  const std::uint64_t history = settings.broker.history_bytes_max;
  if (history > *bytes / 2) {
    out.push_back(
        {Verdict::kWarn, "memory",
         fmt::format("{}, but history may take {} MiB; lower broker.history_bytes_max to {} or less", text,
                     history / kMiB, *bytes / 2)});
  } else {
    out.push_back({Verdict::kOk, "memory", text});
  }
}

void CheckClock(Diagnoses& out) {
  constexpr std::int64_t kReleasedS = 1'760'000'000;  // this program is younger than that
  constexpr std::int64_t kStepUs = 20'000;
  const std::int64_t wall = NowUs(CLOCK_REALTIME);
  const std::int64_t monotonic = NowUs(CLOCK_MONOTONIC);
  const timespec pause{.tv_sec = 0, .tv_nsec = 50'000'000};
  nanosleep(&pause, nullptr);
  const std::int64_t step = (NowUs(CLOCK_REALTIME) - wall) - (NowUs(CLOCK_MONOTONIC) - monotonic);
  timex state{};
  if (wall / 1'000'000 < kReleasedS) {
    out.push_back({Verdict::kFail, "clock", "it is far in the past, so that every token is refused; set it"});
  } else if (std::abs(step) > kStepUs) {
    out.push_back({Verdict::kWarn, "clock",
                   fmt::format("it jumped by {} ms just now: something sets it hard; let chrony slew it",
                               step / 1000)});
  } else if (adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    out.push_back({Verdict::kWarn, "clock",
                   "nothing keeps it right here, so that tokens may expire early or late; run chrony or "
                   "systemd-timesyncd (in a container: on the host)"});
  } else {
    out.push_back({Verdict::kOk, "clock", "synchronised"});
  }
}

}  // namespace tidemill::cli
