#include "queries/catalog/policy_claims.h"

#include <algorithm>

namespace tidemill::queries {
namespace {

constexpr std::string_view kSetting = "request.jwt.claim";

// Up to the quote that ends it; of the path '{a,b}' the first part.
std::string_view NameAt(std::string_view text) {
  text = text.substr(0, text.find('\''));
  if (!text.starts_with('{')) return text;
  text.remove_prefix(1);
  return text.substr(0, text.find_first_of(",}"));
}

// What the first operator behind the setting takes out of it: -> ->> #> #>>; "" where there is none.
std::string_view Taken(std::string_view behind) {
  const std::size_t arrow = std::min(behind.find("->"), behind.find("#>"));
  if (arrow == std::string_view::npos) return {};
  behind.remove_prefix(arrow + 2);
  const std::size_t quote = behind.find_first_not_of("> ");
  if (quote == std::string_view::npos || behind[quote] != '\'') return {};
  return NameAt(behind.substr(quote + 1));
}

}  // namespace

std::vector<std::string> ClaimsIn(std::string_view expression) {
  std::vector<std::string> claims;
  for (std::size_t at = expression.find(kSetting); at != std::string_view::npos;) {
    std::string_view behind = expression.substr(at + kSetting.size());
    at = expression.find(kSetting, at + kSetting.size());
    const std::size_t other = behind.find(kSetting);
    if (behind.starts_with('.')) {
      claims.emplace_back(NameAt(behind.substr(1)));
    } else if (behind.starts_with("s'")) {
      claims.emplace_back(Taken(behind.substr(0, other)));
    }
  }
  std::erase(claims, "");
  std::ranges::sort(claims);
  claims.erase(std::ranges::unique(claims).begin(), claims.end());
  return claims;
}

}  // namespace tidemill::queries
