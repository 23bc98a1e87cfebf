#include "queries/cache/settings.h"

#include <fmt/format.h>

#include "config/section.h"

namespace tidemill::queries {
namespace {

constexpr config::Row<CacheSettings> kCache[] = {
    {"size",
     config::Of<&CacheSettings::size>,
     {.doc = "Memory for the answers of endpoints with @cache, in bytes, for all loops together.",
      .min = 1 << 20,
      .max = 1024 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"entry_max",
     config::Of<&CacheSettings::entry_max>,
     {.doc = "Bytes of one answer; a larger one is given and not kept.",
      .min = 1024,
      .max = 8 << 20,
      .reload = config::Reload::kNo}},
};

void Check(const CacheSettings& cache, const std::string& prefix, config::Findings& findings) {
  if (std::uint64_t{cache.entry_max} * 4 <= cache.size) return;
  findings.push_back({.key = prefix + "entry_max",
                      .others = {prefix + "size"},
                      .text = fmt::format(" = {}: more than a quarter of {}size = {}", cache.entry_max,
                                          prefix, cache.size)});
}

}  // namespace

config::Section<CacheSettings> CacheSection() { return {.rows = kCache, .check = Check}; }

}  // namespace tidemill::queries
