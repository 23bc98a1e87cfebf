// Settings of live queries: queries.live.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::queries::live {

struct LiveSettings {
  bool enabled = true;
  std::string name_space = "live";  // of their channels
  std::string changes = "auto";     // or "triggers", "poll"
  bool create_triggers = true;      // where our role may
  bool check_visibility = true;     // what is asked after a change must see it
  Duration min_interval = Milliseconds(100);
  Duration poll_interval = Seconds(1);
  std::uint32_t connections = 4;         // to PostgreSQL, for nothing else
  std::uint32_t refreshes_max = 8;       // at once
  std::uint32_t rows_max = 1'000;        // of one result
  std::uint64_t bytes_max = 256u << 20;  // of all results
  std::uint32_t queries_max = 10'000;    // that differ in endpoint, parameters or caller
  std::uint32_t queries_per_user_max = 100;
  std::uint32_t streams_max = 10'000;        // event streams of endpoints
  std::uint32_t streams_per_user_max = 100;  // or per address
  friend bool operator==(const LiveSettings&, const LiveSettings&) = default;
};

config::Section<LiveSettings> LiveSection();

}  // namespace tidemill::queries::live
