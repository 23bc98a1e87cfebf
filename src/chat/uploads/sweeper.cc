#include "chat/uploads/sweeper.h"

#include <algorithm>
#include <vector>

#include "net/next_turn.h"
#include "net/sleep.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kAtOnce = 100;
// An upload that still comes writes more often: a body has a deadline for each piece.
constexpr Duration kDraftAge = Hours(6);

Duration PauseOf(const UploadSettings& settings) {
  return Milliseconds(std::clamp<std::int64_t>(settings.unused_ttl.ms / 2, 1'000, Minutes(1).ms));
}

Task<void> Sweep(UploadServices& services) {
  net::Loop& loop = services.chat.loop;
  AttachmentStore& rows = services.chat.store.attachments();
  const WallTime before{loop.clock().WallNow().ms - services.settings.unused_ttl.ms};
  while (true) {
    const auto unused = co_await rows.GiveUpUnused(before, kAtOnce);
    if (!unused) co_return;
    bool all_removed = true;
    for (const StoredAttachment& each : *unused) {
      if (!co_await RemoveGivenUp(services, each)) all_removed = false;
    }
    // What could not be removed would be listed first again.
    if (!all_removed || unused->size() < kAtOnce) break;
    co_await net::NextTurn(loop);
  }
  const auto removed = co_await services.files.RemoveDrafts(loop, kDraftAge);
  if (!removed) (void)RefuseFailure(services, removed.error());
}

}  // namespace

Task<bool> RemoveGivenUp(UploadServices& services, StoredAttachment stored) {
  const auto removed = co_await services.files.Remove(services.chat.loop, stored.storage_key);
  if (!removed) {
    (void)RefuseFailure(services, removed.error());
    co_return false;
  }
  services.metrics.removed_files.Add();
  co_return (co_await services.chat.store.attachments().Remove({stored.attachment.id})).has_value();
}

Task<void> KeepFilesClean(UploadServices& services) {
  while (true) {
    co_await net::Sleep(services.chat.loop, PauseOf(services.settings));
    co_await Sweep(services);
  }
}

}  // namespace tidemill::chat
