// Links to pages of the chat that people follow once. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::accounts {

// BASE/chat/#/PAGE?token=TOKEN. What follows "#" is sent to no server, so no log has it.
inline std::string PageLink(std::string_view base, std::string_view page, std::string_view token) {
  return std::string(base) + "/chat/#/" + std::string(page) + "?token=" + std::string(token);
}

}  // namespace tidemill::accounts
