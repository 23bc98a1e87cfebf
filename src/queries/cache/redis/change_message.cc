#include "queries/cache/redis/change_message.h"

namespace tidemill::queries::redis_tier {
namespace {

constexpr std::string_view kForm = "1\n";

}  // namespace

std::string EncodeChange(std::string_view node, std::span<const std::string> names) {
  std::string text(kForm);
  text += node;
  text += '\n';
  for (const std::string& name : names) {
    text += name;
    text += '\n';
  }
  return text;
}

std::optional<ChangeMessage> DecodeChange(std::string_view text) {
  if (!text.starts_with(kForm) || !text.ends_with('\n')) return std::nullopt;
  text.remove_prefix(kForm.size());
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.empty()) return std::nullopt;
  ChangeMessage message{.node = std::move(lines.front())};
  lines.erase(lines.begin());
  message.names = std::move(lines);
  return message;
}

}  // namespace tidemill::queries::redis_tier
