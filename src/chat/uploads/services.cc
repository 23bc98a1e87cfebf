#include "chat/uploads/services.h"

#include "base/log.h"

namespace tidemill::chat {

Refusal RefuseFailure(UploadServices& services, const Error& error) {
  services.metrics.disk_failures.Add();
  if (const auto more = services.failures.Count(services.chat.loop.Now())) {
    log::Warn("chat.file_failed", {{"why", error.detail}, {"suppressed", *more}});
  }
  if (error.code == Errc::kRefused) {
    return {.code = Code::kStorageFull,
            .message = "the disk that files are kept on (chat.uploads.folder) is full: tell an administrator",
            .field = ""};
  }
  return {.code = Code::kUnavailable,
          .message = "files cannot be written or read now: try again in a moment",
          .field = "",
          .retry_after_ms = 2'000};
}

}  // namespace tidemill::chat
