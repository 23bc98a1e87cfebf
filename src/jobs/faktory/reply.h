// What the server answers: a subset of RESP2, appended to `out`. Any thread.
//
// pyfaktory counts line ends: a bulk has two, every other answer one. So no text may hold any; JSON never
// does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::faktory {

inline constexpr std::size_t kErrorBytesMax = 512;

void AppendOk(std::string& out);
// +text
void AppendSimple(std::string_view text, std::string& out);
// -ERR text: control characters become blanks, and what is over kErrorBytesMax is cut.
void AppendError(std::string_view text, std::string& out);
// -NOTUNIQUE Job not unique
void AppendNotUnique(std::string& out);
// What became of a command that the engine refused, or whose flush was not kept.
void AppendFailed(const Error& error, std::string& out);
// The same as a text, for the answers in which one command has many.
std::string_view FailedText(const Error& error);
// $length, then the text: one line, or nothing is what the client reads.
void AppendBulk(std::string_view text, std::string& out);
void AppendNull(std::string& out);
void AppendInteger(std::int64_t value, std::string& out);

}  // namespace tidemill::faktory
