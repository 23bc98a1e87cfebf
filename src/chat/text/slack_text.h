// FromSlackText: a text as services write it for Slack's incoming webhooks, as a message. A function; any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::chat {

// "<https://a.b|name>" is a link, "<!here>" and "<!channel>" are @here and @room, "&lt;", "&gt;" and "&amp;"
// are characters; what else stands in angle brackets stays as it is.
std::string FromSlackText(std::string_view text);

}  // namespace tidemill::chat
