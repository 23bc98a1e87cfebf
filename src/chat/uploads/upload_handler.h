// MakeUploadHandler: POST /rooms/{room_id}/files?name=…, whose body is the file as it is.
//
// On the head: who sends it, whether they may post in the room, how many uploads they have under way, their
// quota. Then the body goes to the disk as it comes. What is answered is on the disk, synced, and in a row; a
// message of the same user may take it (attachment_ids of messages.send) until it is given up.
#pragma once

#include <memory>

#include "chat/uploads/services.h"
#include "http/handler.h"

namespace tidemill::chat {

// `services` outlive the handler.
std::shared_ptr<http::Handler> MakeUploadHandler(UploadServices& services);

}  // namespace tidemill::chat
