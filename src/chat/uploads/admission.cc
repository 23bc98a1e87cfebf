#include "chat/uploads/admission.h"

namespace tidemill::chat {
namespace {

constexpr std::int64_t kRetryAfterMs = 2'000;

std::unexpected<Refusal> TryLater(Code code, std::string message) {
  return std::unexpected(
      Refusal{.code = code, .message = std::move(message), .field = "", .retry_after_ms = kRetryAfterMs});
}

}  // namespace

Outcome<Admission::Ticket> Admission::Enter(const std::string& user, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (uploads_ >= settings_.concurrent_max) {
    return TryLater(Code::kUnavailable,
                    "too many uploads are under way (chat.uploads.concurrent_max): try again in a moment");
  }
  const auto found = users_.find(user);
  if (found != users_.end() && found->second.uploads >= settings_.concurrent_per_user_max) {
    return TryLater(Code::kRateLimited,
                    "you have " + std::to_string(found->second.uploads) +
                        " uploads under way (chat.uploads.concurrent_per_user_max): wait until one is done");
  }
  OfUser& of_user = users_[user];
  ++of_user.uploads;
  of_user.bytes += bytes;
  ++uploads_;
  bytes_ += bytes;
  metrics_.uploads_under_way.Add(1);
  Ticket ticket(*this, user, bytes);
  ticket.user_bytes_ = of_user.bytes;
  ticket.total_bytes_ = bytes_;
  return ticket;
}

void Admission::Leave(const std::string& user, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user);
  found->second.bytes -= bytes;
  if (--found->second.uploads == 0) users_.erase(found);
  --uploads_;
  bytes_ -= bytes;
  metrics_.uploads_under_way.Sub(1);
}

Outcome<> Admission::CheckQuota(const Ticket& ticket, const Kept& kept) const {
  const std::uint64_t user_max = settings_.user_bytes_max;
  if (user_max > 0 && kept.user_bytes + ticket.user_bytes() > user_max) {
    return Refuse(Code::kQuotaExceeded,
                  "your files would be more than " + std::to_string(user_max) +
                      " bytes together (chat.uploads.user_bytes_max): delete messages with files first");
  }
  const std::uint64_t total_max = settings_.total_bytes_max;
  if (total_max > 0 && kept.total_bytes + ticket.total_bytes() > total_max) {
    return Refuse(Code::kStorageFull,
                  "there is no room for more files (chat.uploads.total_bytes_max): tell an administrator");
  }
  return {};
}

}  // namespace tidemill::chat
