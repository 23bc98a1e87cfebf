// AttachmentStore: the rows of uploaded files; their bytes are somebody else's. Part of Store (store.h),
// whose contract holds here too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/message.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct StoredAttachment {
  Attachment attachment;  // its id is given by the store
  RoomId room_id;
  std::string user_id;      // who has uploaded it
  MessageId message_id;     // 0: not sent yet, or not any more
  std::string storage_key;  // where the bytes are
  WallTime created_at;      // 0: it was given up, and its bytes may be gone
};

// What a file takes of quotas at least, as it takes a block of the disk.
inline constexpr std::int64_t kFileBytesMin = 4096;

class AttachmentStore {
 public:
  virtual ~AttachmentStore() = default;

  virtual Task<Outcome<StoredAttachment>> Add(StoredAttachment attachment) = 0;
  virtual Task<Outcome<std::optional<StoredAttachment>>> Find(AttachmentId attachment) = 0;
  // Bytes of all that the user has uploaded and is kept; of all that anybody has.
  // A file counts as kFileBytesMin at least.
  virtual Task<Outcome<std::int64_t>> MeasureBytesOf(std::string user) = 0;
  virtual Task<Outcome<std::int64_t>> MeasureBytes() = 0;
  // Gives up what belongs to no message and is older than that. From then on it can be in no message, as what
  // was in a message that was deleted. Gives all that is given up, at most `limit`: the caller deletes the
  // bytes, then the rows.
  virtual Task<Outcome<std::vector<StoredAttachment>>> GiveUpUnused(WallTime before, std::size_t limit) = 0;
  // One that the user has uploaded and not sent. False: there is none.
  virtual Task<Outcome<bool>> GiveUp(AttachmentId attachment, std::string user) = 0;
  // Those of them that were given up.
  virtual Task<Outcome<>> Remove(std::vector<AttachmentId> attachments) = 0;
};

}  // namespace tidemill::chat
