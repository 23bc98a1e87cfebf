// The routes and operations of attachments.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/uploads/services.h"
#include "http/router.h"

namespace tidemill::chat {

// Those that are called with JSON.
std::vector<Operation> AttachmentOperations(UploadServices& services);

// Uploads and downloads, which are not. Before AddRoutes of chat/api, whose document describes them too.
void AddUploadRoutes(UploadServices& services, http::Router& router);

}  // namespace tidemill::chat
