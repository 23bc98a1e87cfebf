// What each code that a client can see means to a person, and what to do about it: for `tidemill codes` and
// for docs/guide/codes.md, which is made from it. One entry for each code of realtime/protocol/codes.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidemill::cli {

struct CodeMeaning {
  std::uint32_t code = 0;
  std::string_view meaning;
  std::string_view next;  // what to do
};

// In the order of their codes; numbers of the three kinds do not overlap.
std::span<const CodeMeaning> AllCodeMeanings();

// All of them, as a page of Markdown.
std::string CodesAsMarkdown();

}  // namespace tidemill::cli
