// KeepFilesClean: what is in no message goes, and what was given up. A task of one loop of the node.
#pragma once

#include "chat/uploads/services.h"
#include "net/task.h"

namespace tidemill::chat {

// Until its scope ends. A database or a disk that is away is asked again in the next round.
Task<void> KeepFilesClean(UploadServices& services);

// Removes the bytes of one that was given up, then its row. False: the disk or the database has failed.
Task<bool> RemoveGivenUp(UploadServices& services, StoredAttachment stored);

}  // namespace tidemill::chat
