#include "queries/cache/settings.h"

#include <fmt/format.h>

#include "config/section.h"
#include "redis/address.h"

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
    {"redis",
     config::Of<&CacheSettings::redis>,
     {.doc = "Whether nodes share answers, and hear of each other's writes, through Redis. While it is away "
             "each node has its own, and what another node writes ends them with their TTL.",
      .reload = config::Reload::kNo}},
    {"redis_address",
     config::Of<&CacheSettings::redis_address>,
     {.doc = "The Redis for that, one or several, as broker.redis.address; when empty, that of broker.redis. "
             "Everything else is as broker.redis says.",
      .reload = config::Reload::kNo}},
};

// Addresses are not quoted: what is not one may still hold a password.
void CheckAddresses(const CacheSettings& cache, const std::string& prefix, config::Findings& findings) {
  for (const config::StoreAddress& text : cache.redis_address) {
    const auto address = redis::Address::Parse(text.text);
    if (address) continue;
    findings.push_back({.key = prefix + "redis_address",
                        .text = fmt::format(": not an address of Redis: {}", address.error().detail)});
  }
}

void Check(const CacheSettings& cache, const std::string& prefix, config::Findings& findings) {
  CheckAddresses(cache, prefix, findings);
  if (std::uint64_t{cache.entry_max} * 4 <= cache.size) return;
  findings.push_back({.key = prefix + "entry_max",
                      .others = {prefix + "size"},
                      .text = fmt::format(" = {}: more than a quarter of {}size = {}", cache.entry_max,
                                          prefix, cache.size)});
}

}  // namespace

config::Section<CacheSettings> CacheSection() { return {.rows = kCache, .check = Check}; }

}  // namespace tidemill::queries
