#include "metrics/process.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace tidemill::metrics {
namespace {

std::map<std::string, double> Samples(const std::string& text) {
  std::map<std::string, double> samples;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with('#')) continue;
    const std::size_t blank = line.find(' ');
    samples[line.substr(0, blank)] = std::stod(line.substr(blank + 1));
  }
  return samples;
}

TEST(ProcessMetrics, SeeTheProcess) {
  Registry registry;
  AddProcessMetrics(registry);
  auto before = Samples(registry.Text());
  EXPECT_GT(before["process_resident_memory_bytes"], 1e6);
  EXPECT_GE(before["process_virtual_memory_bytes"], before["process_resident_memory_bytes"]);
  EXPECT_GE(before["process_max_fds"], before["process_open_fds"]);
  EXPECT_GT(before["process_cpu_seconds_total"], 0);
  const auto now = static_cast<double>(time(nullptr));
  EXPECT_LE(before["process_start_time_seconds"], now + 1);
  EXPECT_GE(before["process_start_time_seconds"], now - 3600);

  const int descriptor = dup(STDERR_FILENO);
  auto after = Samples(registry.Text());
  close(descriptor);
  EXPECT_EQ(after["process_open_fds"], before["process_open_fds"] + 1);
  EXPECT_EQ(after["process_start_time_seconds"], before["process_start_time_seconds"]);
}

std::int64_t CpuMicros() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::int64_t{used.tv_sec} * 1'000'000 + used.tv_nsec / 1000;
}

// A loop answers a scrape: with thousands of connections it must not walk through their descriptors.
TEST(ProcessMetrics, ThousandsOfDescriptorsAreCountedAtOnce) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const int before = DescriptorsByAsking();
  std::vector<int> more;
  for (int i = 0; i < 3000; ++i) more.push_back(dup(STDERR_FILENO));
  close(more[1000]);  // a gap
  more.erase(more.begin() + 1000);
  ASSERT_GT(more.back(), 0);
  EXPECT_EQ(DescriptorsByAsking(), before + 2999);
  if (const auto told = DescriptorsAsTold()) {
    EXPECT_EQ(*told, before + 2999);
  }
  Registry registry;
  AddProcessMetrics(registry);
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 20; ++i) {
    const std::int64_t begun = CpuMicros();
    EXPECT_EQ(Samples(registry.Text())["process_open_fds"], before + 2999);
    least = std::min(least, CpuMicros() - begun);
  }
  for (const int each : more) close(each);
  RecordProperty("least_us", static_cast<int>(least));
  EXPECT_LT(least, 1500);
}

}  // namespace
}  // namespace tidemill::metrics
