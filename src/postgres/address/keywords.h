// The keywords of connection strings: those that are understood, and those of libpq that are refused by name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidemill::postgres {

struct Keyword {
  std::string_view name;
  std::string_view variable;  // of the environment; "": none
  std::string_view refusal;   // "": understood; else why it is not, or what to write in its place
};

std::span<const Keyword> Keywords();
const Keyword* FindKeyword(std::string_view name);
// The understood keyword that somebody probably meant.
std::optional<std::string> NearestKeyword(std::string_view name);

}  // namespace tidemill::postgres
