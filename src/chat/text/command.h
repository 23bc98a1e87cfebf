// ParseCommand: slash commands that are sent as a message's text. A function; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::chat {

enum class CommandKind : std::uint8_t { kMe, kTopic, kInvite, kLeave, kShrug };

struct Command {
  CommandKind kind = CommandKind::kMe;
  std::string rest;  // what follows its name, without blanks around it
  friend bool operator==(const Command&, const Command&) = default;
};

// nullopt: the text is none, as "/usr/bin" or "//me" (EscapedCommand). The error is for whoever sent it:
// there is no such command, or it has too little or too much behind it.
std::expected<std::optional<Command>, std::string> ParseCommand(std::string_view text);

// The text that "//word" stands for: with one "/" less. Others stay as they are.
std::string_view WithoutEscape(std::string_view text);

}  // namespace tidemill::chat
