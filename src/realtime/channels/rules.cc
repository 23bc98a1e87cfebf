#include "realtime/channels/rules.h"

#include <re2/re2.h>

#include <unordered_map>
#include <utility>

#include "realtime/channels/name_regex.h"

namespace tidemill::channels {
namespace {

// The options of one namespace with what was compiled from them.
struct Entry {
  const ChannelOptions* options = nullptr;
  std::unique_ptr<const RE2> regex;  // null: any name
};

Result<Entry> MakeEntry(std::string_view name_space, const ChannelOptions& options) {
  Entry entry{.options = &options, .regex = nullptr};
  if (options.channel_regex.empty()) return entry;
  auto regex = CompileNameRegex(options.channel_regex);
  if (!regex) {
    return Fail(Errc::kInvalidArgument, "channel_regex of namespace \"" + std::string(name_space) +
                                            "\" is \"" + options.channel_regex +
                                            "\": " + regex.error().detail);
  }
  entry.regex = *std::move(regex);
  return entry;
}

class CompiledRules final : public Rules {
 public:
  explicit CompiledRules(ChannelSettings settings) : settings_(std::move(settings)) {}

  Result<void> Compile() {
    TM_TRY_ASSIGN(without_namespace_, MakeEntry("", settings_.without_namespace));
    for (const auto& [name, options] : settings_.namespaces) {
      TM_TRY_ASSIGN(Entry entry, MakeEntry(name, options));
      namespaces_.emplace(name, std::move(entry));
    }
    return {};
  }

  std::expected<Channel, protocol::ErrorCode> Find(std::string_view channel) const override {
    const Result<NameParts> parts = ParseChannelName(channel, settings_.max_length);
    if (!parts) return std::unexpected(protocol::kErrorBadRequest);
    const Entry* entry = EntryOf(parts->name_space);
    if (entry == nullptr) return std::unexpected(protocol::kErrorUnknownChannel);
    if (entry->regex != nullptr && !RE2::PartialMatch(parts->rest, *entry->regex)) {
      return std::unexpected(protocol::kErrorBadRequest);
    }
    return Channel{.name = *parts, .options = entry->options};
  }

  const ChannelSettings& settings() const override { return settings_; }

 private:
  const Entry* EntryOf(std::string_view name_space) const {
    if (name_space.empty()) return &without_namespace_;
    const auto found = namespaces_.find(name_space);
    return found == namespaces_.end() ? nullptr : &found->second;
  }

  const ChannelSettings settings_;
  Entry without_namespace_;
  std::unordered_map<std::string_view, Entry> namespaces_;  // keys live in settings_
};

}  // namespace

Result<std::shared_ptr<const Rules>> Rules::Make(ChannelSettings settings) {
  auto rules = std::make_shared<CompiledRules>(std::move(settings));
  TM_TRY(rules->Compile());
  return rules;
}

}  // namespace tidemill::channels
