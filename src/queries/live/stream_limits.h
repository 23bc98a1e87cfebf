// StreamLimits: how many event streams are open, of all and of one user or address: on all loops together.
//
// In a shared_ptr, which its streams have too; the metrics outlive them. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/metrics.h"

namespace tidemill::queries::live {

class StreamLimits : public std::enable_shared_from_this<StreamLimits> {
 public:
  struct Options {
    std::size_t all_max = 0;
    std::size_t each_max = 0;  // of one user, or of one address without a user
  };
  StreamLimits(Options options, metrics::Gauge& open) : options_(options), open_(open) {}
  StreamLimits(const StreamLimits&) = delete;
  StreamLimits& operator=(const StreamLimits&) = delete;

  // One stream, while it lives.
  class Place {
   public:
    Place(std::shared_ptr<StreamLimits> limits, std::string of)
        : limits_(std::move(limits)), of_(std::move(of)) {}
    ~Place() { limits_->Leave(of_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    const std::shared_ptr<StreamLimits> limits_;
    const std::string of_;
  };

  // Null: `refused` names the setting that is reached.
  std::unique_ptr<Place> Enter(const std::string& of, std::string_view& refused);

 private:
  void Leave(const std::string& of);

  const Options options_;
  metrics::Gauge& open_;
  std::mutex mutex_;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t> each_;
};

}  // namespace tidemill::queries::live
