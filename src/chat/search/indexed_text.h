// IndexedText: a text as the index of words takes it.
//
// Languages that do not put blanks between words (Chinese, Japanese; Korean too, whose words take endings)
// are indexed character by character: each stands alone, and a phrase of such characters finds them wherever
// they stand side by side. PostgreSQL does the same by a regular expression (chat/store/schema.cc).
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::chat {

// Whether a character is indexed alone: U+3040 to U+30FF, U+3400 to U+4DBF, U+4E00 to U+9FFF, U+AC00 to
// U+D7AF, U+F900 to U+FAFF.
bool StandsAlone(char32_t code_point);

// With a blank before and behind each such character.
std::string IndexedText(std::string_view text);

}  // namespace tidemill::chat
