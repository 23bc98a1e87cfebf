#include "chat/store/stored_attachment.h"

namespace tidemill::chat {

StoredAttachment StoredAttachmentOf(Cells& cells) {
  StoredAttachment stored;
  stored.attachment.id = AttachmentId(cells.Integer());
  stored.room_id = RoomId(cells.Integer());
  stored.user_id = cells.Text();
  stored.message_id = MessageId(cells.Integer());
  stored.attachment.name = cells.Text();
  stored.attachment.type = cells.Text();
  stored.attachment.size = cells.Integer();
  stored.attachment.width = cells.Integer();
  stored.attachment.height = cells.Integer();
  stored.storage_key = cells.Text();
  stored.created_at = cells.Time();
  return stored;
}

}  // namespace tidemill::chat
