// UTF-8 (RFC 3629): which bytes are well formed, and where a text may be cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidemill {

// Whether it stands inside of a sequence, where the text is UTF-8.
constexpr bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the well-formed sequence at the start of `text`: 1 to 4; 0 if there is none (overlong forms,
// surrogates, values over U+10FFFF and cut sequences are not well formed) or `text` is empty.
std::size_t Utf8SequenceLength(std::string_view text);

bool IsUtf8(std::string_view text);

// The longest prefix of at most `bytes_max` bytes that does not end inside a well-formed sequence.
std::string_view CutUtf8(std::string_view text, std::size_t bytes_max);

// `code_point` must be a scalar value: at most U+10FFFF and no surrogate.
void AppendUtf8(char32_t code_point, std::string& out);

}  // namespace tidemill
