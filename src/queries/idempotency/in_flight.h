// WritesInFlight: the writes with an Idempotency-Key that are under way in this process: a second one of the
// same identity is refused at once, without the database.
//
// Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace tidemill::queries {

class WritesInFlight {
 public:
  // While it exists, its write is under way.
  class Entry {
   public:
    Entry(Entry&& other) noexcept
        : writes_(std::exchange(other.writes_, nullptr)), id_(std::move(other.id_)) {}
    Entry& operator=(Entry&& other) noexcept {
      std::swap(writes_, other.writes_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Entry() {
      if (writes_ != nullptr) writes_->Leave(id_);
    }

   private:
    friend class WritesInFlight;
    Entry(WritesInFlight& writes, std::string id) : writes_(&writes), id_(std::move(id)) {}

    WritesInFlight* writes_;
    std::string id_;
  };

  // nullopt: one is under way. The entry must not outlive this object.
  std::optional<Entry> Enter(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (!ids_.insert(id).second) return std::nullopt;
    return Entry(*this, id);
  }

 private:
  void Leave(const std::string& id) {
    const std::lock_guard lock(mutex_);
    ids_.erase(id);
  }

  std::mutex mutex_;
  std::unordered_set<std::string> ids_;  // no more than requests under way
};

}  // namespace tidemill::queries
