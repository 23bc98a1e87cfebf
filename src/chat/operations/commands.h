// Slash commands that are sent as a message: what they do beside sending one. Loop thread only.
#pragma once

#include <optional>
#include <string>

#include "chat/api/operation.h"
#include "chat/operations/services.h"
#include "chat/store/message.h"
#include "chat/text/command.h"
#include "net/task.h"

namespace tidemill::chat {

// The text that is sent instead; nullopt: the command sends no message.
std::optional<std::string> TextOf(const Command& command);

// Of a command that sends none: {"command":"topic"}.
Task<Outcome<Answer>> RunCommand(Services& services, Actor actor, RoomId room, Command command);

// Whom the text of a message means. Names that nobody has mean nobody.
Task<Outcome<Mentions>> MentionsOf(Services& services, std::string text);

}  // namespace tidemill::chat
