// Name: which live query a channel is: "live:/orders/mine?status=open#42" is GET /orders/mine?status=open, as
// user 42 gets it. Without "#42" it is everybody's.
//
// Behind the ? stand the parameters as URLSearchParams writes them once they are sorted: one spelling, so
// that those who ask for the same have the same channel. The SDKs write it, too: sdk/fixtures/names.json has
// examples for all of them. Values; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::queries::live {

struct Name {
  std::string path;                 // "/orders/mine": below the prefix of endpoints, not decoded
  std::string query;                // without the '?'
  std::optional<std::string> user;  // nullopt: everybody's
  friend bool operator==(const Name&, const Name&) = default;
};

// `channel` is of the namespace. The error says what is wrong with it, and for another spelling the right
// one.
std::expected<Name, std::string> ParseName(std::string_view channel, std::string_view name_space);

std::string WriteName(const Name& name, std::string_view name_space);

// The one spelling of a query string. The error says what is wrong with it.
std::expected<std::string, std::string> SpellQuery(std::string_view query);

}  // namespace tidemill::queries::live
