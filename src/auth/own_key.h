// OwnKey: the secret that this server signs tokens of its own with, for people who have logged in to it.
//
// It is kept in the database and known a moment after the start. Such a token says so by its key id, and is
// checked with this key and no other, whatever keys are configured. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill::auth {

inline constexpr std::string_view kOwnKeyId = "tidemill-accounts";

class OwnKey {
 public:
  void Set(std::string secret) {
    auto set = std::make_shared<const std::string>(std::move(secret));
    const std::lock_guard guard(mutex_);
    secret_ = std::move(set);
  }
  // Null: it is not known yet.
  std::shared_ptr<const std::string> Get() const {
    const std::lock_guard guard(mutex_);
    return secret_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> secret_;
};

}  // namespace tidemill::auth
