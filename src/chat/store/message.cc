#include "chat/store/message.h"

namespace tidemill::chat {

std::string_view Name(MessageType type) { return type == MessageType::kText ? "text" : "system"; }

}  // namespace tidemill::chat
