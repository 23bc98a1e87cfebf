// Settings of endpoints made of .sql files: queries.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::queries {

struct QueriesSettings {
  std::string folder;            // "": there are none
  std::string prefix = "/rest";  // of their paths
  Duration statement_timeout = Seconds(5);
  Duration pool_wait = Seconds(3);   // for a connection
  std::uint32_t rows_max = 10'000;   // of one answer
  std::uint32_t body_max = 1 << 20;  // bytes of a request's body
  // Requests to one endpoint under way at once, on each loop.
  std::uint32_t concurrency_per_endpoint = 1'000;
  std::string role_claim = "role";  // PostgreSQL: whose role a request runs as
  std::string anonymous_role;       // of callers without a token; "": the one that we connect as
  bool given() const { return !folder.empty(); }
  friend bool operator==(const QueriesSettings&, const QueriesSettings&) = default;
};

config::Section<QueriesSettings> QueriesSection();

}  // namespace tidemill::queries
