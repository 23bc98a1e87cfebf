// StoredAttachmentOf: a row of ATTACHMENT_COLUMNS (sql_context.cc) as a value. Any thread.
#pragma once

#include "chat/store/attachment_store.h"
#include "chat/store/cells.h"

namespace tidemill::chat {

StoredAttachment StoredAttachmentOf(Cells& cells);

}  // namespace tidemill::chat
