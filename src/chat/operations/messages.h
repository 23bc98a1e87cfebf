// The operations on messages: messages.send, list, get, edit, delete, history; and how a text is sent for
// somebody. Loop thread only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> MessageOperations(Services& services);

bool HasLink(std::string_view text);
// What a text may be by the settings, whatever its room allows.
Outcome<> CheckMessageText(const ChatSettings& settings, std::string_view text);

// Of somebody who does not wait for it.
struct TextToSend {
  RoomId room;
  User sender;
  MessageId thread;  // 0: not a reply
  std::string client_msg_id;
  std::string text;       // no command
  bool by_clock = false;  // as of Send
};
// Counts a send in somebody's rate. kRateLimited.
Outcome<> TakeSend(Services& services, const std::string& user);
// With the rights that the sender has now.
Task<Outcome<Sent>> SendText(Services& services, TextToSend text);

}  // namespace tidemill::chat
