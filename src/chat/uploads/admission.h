// Admission: how many uploads may be under way at once, and how many bytes they may be with what is kept.
//
// An upload takes its bytes on its head, before the first of them has come, so that many at once cannot get
// over a quota that each alone keeps. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "chat/store/refusal.h"
#include "chat/uploads/metrics.h"
#include "chat/uploads/settings.h"

namespace tidemill::chat {

class Admission {
 public:
  // Both outlive it.
  Admission(const UploadSettings& settings, UploadMetrics& metrics)
      : settings_(settings), metrics_(metrics) {}

  // One upload's place, until it is destroyed.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          user_(std::move(other.user_)),
          bytes_(other.bytes_),
          user_bytes_(other.user_bytes_),
          total_bytes_(other.total_bytes_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (admission_) admission_->Leave(user_, bytes_);
    }
    // Of all uploads that were under way when this one came, itself among them: of the user, and of anybody.
    // Those that were kept after that are counted in the store too, so what is added up may be too much,
    // never too little.
    std::uint64_t user_bytes() const { return user_bytes_; }
    std::uint64_t total_bytes() const { return total_bytes_; }

   private:
    friend class Admission;
    Ticket(Admission& admission, std::string user, std::uint64_t bytes)
        : admission_(&admission), user_(std::move(user)), bytes_(bytes) {}

    Admission* admission_;
    std::string user_;
    std::uint64_t bytes_;
    std::uint64_t user_bytes_ = 0;
    std::uint64_t total_bytes_ = 0;
  };
  // kUnavailable: too many are under way; kRateLimited: of this user. `bytes`: how many it may become.
  Outcome<Ticket> Enter(const std::string& user, std::uint64_t bytes);

  // What may be kept besides `kept` bytes of the user and `all_kept` of all: kQuotaExceeded, kStorageFull.
  struct Kept {
    std::uint64_t user_bytes = 0;
    std::uint64_t total_bytes = 0;
  };
  Outcome<> CheckQuota(const Ticket& ticket, const Kept& kept) const;

 private:
  struct OfUser {
    std::size_t uploads = 0;
    std::uint64_t bytes = 0;
  };
  void Leave(const std::string& user, std::uint64_t bytes);

  const UploadSettings& settings_;
  UploadMetrics& metrics_;
  std::mutex mutex_;
  std::map<std::string, OfUser> users_;  // who has one under way
  std::size_t uploads_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace tidemill::chat
