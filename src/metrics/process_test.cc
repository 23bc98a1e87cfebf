#include "metrics/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <map>
#include <string>

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

}  // namespace
}  // namespace tidemill::metrics
