// AttachmentStore: the rows of uploaded files; their bytes are somebody else's. Part of Store (store.h),
// whose contract holds here too.
#pragma once

#include <cstddef>
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
  WallTime created_at;
};

class AttachmentStore {
 public:
  virtual ~AttachmentStore() = default;

  virtual Task<Outcome<StoredAttachment>> Add(StoredAttachment attachment) = 0;
  virtual Task<Outcome<std::optional<StoredAttachment>>> Find(AttachmentId attachment) = 0;
  // Bytes of all that the user has uploaded and is kept.
  virtual Task<Outcome<std::int64_t>> MeasureBytesOf(std::string user) = 0;
  // That belong to no message and are older than that: never sent, or their message was deleted. The caller
  // deletes the bytes, then the rows.
  virtual Task<Outcome<std::vector<StoredAttachment>>> ListUnused(WallTime before, std::size_t limit) = 0;
  virtual Task<Outcome<>> Remove(std::vector<AttachmentId> attachments) = 0;
};

}  // namespace tidemill::chat
