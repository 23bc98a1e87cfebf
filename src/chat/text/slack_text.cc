#include "chat/text/slack_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tidemill::chat {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 3> kEntities = {
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}}};

std::string Unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto entity =
        std::ranges::find_if(kEntities, [text](const auto& each) { return text.starts_with(each.first); });
    const bool is_entity = entity != kEntities.end();
    out += is_entity ? entity->second : text.front();
    text.remove_prefix(is_entity ? entity->first.size() : 1);
  }
  return out;
}

bool IsLink(std::string_view target) {
  return target.starts_with("http://") || target.starts_with("https://") || target.starts_with("mailto:");
}

// What stands between angle brackets; nullopt: nothing that is known.
std::optional<std::string> Bracketed(std::string_view inner) {
  const std::size_t bar = std::min(inner.find('|'), inner.size());
  const std::string_view target = inner.substr(0, bar);
  const std::string_view label = inner.substr(std::min(bar + 1, inner.size()));
  if (target == "!here") return "@here";
  if (target == "!channel" || target == "!everyone") return "@room";
  if (!IsLink(target)) return std::nullopt;
  const std::string link = Unescaped(target);
  return label.empty() ? link : "[" + Unescaped(label) + "](" + link + ")";
}

}  // namespace

std::string FromSlackText(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('<'), text.size());
    out += Unescaped(text.substr(0, open));
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find('>');
    const auto replaced =
        close == std::string_view::npos ? std::nullopt : Bracketed(text.substr(1, close - 1));
    out += replaced ? *replaced : "<";
    text.remove_prefix(replaced ? close + 1 : 1);
  }
  return out;
}

}  // namespace tidemill::chat
