#include "queries/live/name.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/ascii.h"
#include "base/percent.h"
#include "queries/values/url_encoded.h"

namespace tidemill::queries::live {
namespace {

// The application/x-www-form-urlencoded serializer (WHATWG URL, section 5.2).
void AppendEncoded(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || std::string_view("*-._").contains(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      AppendPercentEncoded(c, out);
    }
  }
}

}  // namespace

// One name twice keeps its order: it is a list.
std::expected<std::string, std::string> SpellQuery(std::string_view query) {
  std::multimap<std::string, std::string> pairs;  // those of one name in their order
  UrlPairs reader(query);
  while (const auto pair = reader.Next()) {
    auto name = DecodeUrl(pair->name, Plus::kBlank);
    auto value = DecodeUrl(pair->value, Plus::kBlank);
    if (!name || !value) return std::unexpected("the query " + (name ? value : name).error());
    pairs.emplace(*std::move(name), *std::move(value));
  }
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += '&';
    AppendEncoded(name, text);
    text += '=';
    AppendEncoded(value, text);
  }
  return text;
}

std::expected<Name, std::string> ParseName(std::string_view channel, std::string_view name_space) {
  channel.remove_prefix(std::min(channel.size(), name_space.size() + 1));
  if (!channel.starts_with('/')) {
    return std::unexpected("behind " + std::string(name_space) +
                           ": stands the path of an endpoint, from its /");
  }
  Name name;
  if (const std::size_t hash = channel.rfind('#'); hash != std::string_view::npos) {
    name.user = channel.substr(hash + 1);
    if (name.user->empty() || name.user->contains(',')) return std::unexpected("behind # stands one user");
    channel = channel.substr(0, hash);
  }
  const std::size_t question = std::min(channel.find('?'), channel.size());
  name.path = channel.substr(0, question);
  const std::string_view query = channel.substr(std::min(question + 1, channel.size()));
  auto spelled = SpellQuery(query);
  if (!spelled) return std::unexpected(std::move(spelled).error());
  name.query = *std::move(spelled);
  const bool same = name.query == query && (question == channel.size()) == name.query.empty();
  if (!same) return std::unexpected("the parameters are sorted and spelled: " + WriteName(name, name_space));
  return name;
}

std::string WriteName(const Name& name, std::string_view name_space) {
  std::string text = std::string(name_space) + ":" + name.path;
  if (!name.query.empty()) text += "?" + name.query;
  if (name.user) text += "#" + *name.user;
  return text;
}

}  // namespace tidemill::queries::live
