// MakeSqlAttachments: AttachmentStore on SQL.
#pragma once

#include <memory>

#include "chat/store/attachment_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<AttachmentStore> MakeSqlAttachments(SqlContext& context);

}  // namespace tidemill::chat
