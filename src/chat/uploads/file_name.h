// What a file may be called, and how its name is written in a response. Functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::chat {

// The name without folders, control characters, and characters that turn the direction of writing around so
// that an end looks like another; cut to 255 bytes before its extension. "file" where nothing is left of it.
std::string CleanFileName(std::string_view name);

enum class Disposition { kInline, kAttachment };

// The value of Content-Disposition (RFC 6266): the name in UTF-8, and for old clients in ASCII.
std::string DispositionOf(Disposition disposition, std::string_view name);

}  // namespace tidemill::chat
