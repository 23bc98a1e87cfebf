#include "jobs/engine/jid_index.h"

#include <algorithm>
#include <functional>

namespace tidemill::jobs {
namespace {

std::uint64_t HashOf(std::string_view jid) { return std::hash<std::string_view>{}(jid); }

}  // namespace

void JidIndex::Add(std::string_view jid, queue::JobId id) {
  if (buckets_.empty()) buckets_.resize(kBuckets);
  const std::uint64_t hash = HashOf(jid);
  auto& bucket = buckets_[hash % kBuckets];
  if (bucket.size() < kBucketMax) {
    bucket.push_back({.hash = hash, .id = id});
  } else {
    is_complete_ = false;
  }
}

void JidIndex::Remove(std::string_view jid, queue::JobId id) {
  if (buckets_.empty()) return;
  const std::uint64_t hash = HashOf(jid);
  auto& bucket = buckets_[hash % kBuckets];
  const auto found = std::ranges::find(bucket, id, &Known::id);
  if (found == bucket.end() || found->hash != hash) return;
  *found = bucket.back();
  bucket.pop_back();
}

void JidIndex::Clear() {
  buckets_ = {};
  is_complete_ = true;
}

bool JidIndex::Contains(std::string_view jid) const {
  if (buckets_.empty()) return false;
  const std::uint64_t hash = HashOf(jid);
  return std::ranges::find(buckets_[hash % kBuckets], hash, &Known::hash) != buckets_[hash % kBuckets].end();
}

std::vector<queue::JobId> JidIndex::Find(std::string_view jid) const {
  std::vector<queue::JobId> ids;
  if (buckets_.empty()) return ids;
  const std::uint64_t hash = HashOf(jid);
  for (const Known& known : buckets_[hash % kBuckets]) {
    if (known.hash == hash && ids.size() < kSameMax) ids.push_back(known.id);
  }
  std::ranges::sort(ids);
  return ids;
}

}  // namespace tidemill::jobs
