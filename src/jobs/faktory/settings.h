// Settings of the port for Faktory's protocol: jobs.faktory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::faktory {

struct FaktorySettings {
  std::vector<std::string> listen = {"127.0.0.1:7419"};
  bool plain_tcp = false;
  config::Secret password;
  std::string description = "Faktory";  // of INFO
  std::uint32_t connections_max = 10'000;
  std::uint64_t line_bytes_max = 16u << 20;
  std::uint64_t job_bytes_max = 1u << 20;
  std::uint64_t buffers_bytes_max = 256u << 20;
  Duration answer_timeout = Seconds(30);
  friend bool operator==(const FaktorySettings&, const FaktorySettings&) = default;
};

config::Section<FaktorySettings> FaktorySection();

}  // namespace tidemill::faktory
