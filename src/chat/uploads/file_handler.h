// MakeFileHandler: GET and HEAD /files/{attachment_id}/{name}: a file, or a part of it, for who sees its
// room.
//
// A page can show images of a few kinds; all else is for the disk. Whatever a file has in it can run nothing
// and load nothing: its type is what its bytes are, browsers are told not to guess another, and it has the
// policy of a sandbox. Permission is looked at each time, so that a cache asks again.
#pragma once

#include <memory>

#include "chat/uploads/services.h"
#include "http/handler.h"

namespace tidemill::chat {

// `services` outlive the handler, and its responses.
std::shared_ptr<http::Handler> MakeFileHandler(UploadServices& services);

}  // namespace tidemill::chat
