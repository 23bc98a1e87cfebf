// JidIndex: the ids of jobs by their jids, where the store has no index of them.
//
// 16 to 32 bytes for each job, in buckets that stay small: none takes long to grow or to look through. Jids
// are told apart by a hash of 64 bits: whoever finds ids looks at the jobs' own jids. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "jobs/queue/entry.h"

namespace tidemill::jobs {

class JidIndex {
 public:
  static constexpr std::size_t kBuckets = 4096;
  static constexpr std::size_t kBucketMax = 8192;  // those above are not known
  static constexpr std::size_t kSameMax = 16;      // ids that Find gives

  void Add(std::string_view jid, queue::JobId id);
  void Remove(std::string_view jid, queue::JobId id);
  void Clear();

  // Whether there are some, perhaps also of another jid whose hash is the same.
  bool Contains(std::string_view jid) const;
  // In the order of ids.
  std::vector<queue::JobId> Find(std::string_view jid) const;
  // False: there were more than it can know, so what it does not find may be there.
  bool is_complete() const { return is_complete_; }

 private:
  struct Known {
    std::uint64_t hash = 0;
    queue::JobId id;
  };

  std::vector<std::vector<Known>> buckets_;  // by the last bits of the hash; empty: there are none
  bool is_complete_ = true;
};

}  // namespace tidemill::jobs
