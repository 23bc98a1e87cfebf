#include "realtime/channels/rules.h"

#include <re2/re2.h>

#include <algorithm>
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

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

class CompiledRules final : public Rules {
 public:
  CompiledRules(ChannelSettings settings, const std::optional<std::string>& personal_namespace)
      : settings_(std::move(settings)), personal_prefix_(PersonalPrefix(personal_namespace)) {}

  Result<void> Compile() {
    TM_TRY_ASSIGN(without_namespace_, MakeEntry("", settings_.without_namespace));
    for (const auto& [name, options] : settings_.namespaces) {
      TM_TRY_ASSIGN(Entry entry, MakeEntry(name, options));
      namespaces_.emplace(name, std::move(entry));
    }
    return {};
  }

  std::expected<Channel, protocol::ErrorCode> Find(std::string_view channel) const override {
    TM_TRY_ASSIGN(const Found found, Look(channel));
    return found.channel;
  }

  std::expected<Channel, protocol::ErrorCode> FindForClient(std::string_view channel) const override {
    if (channel.size() > settings_.max_length) return std::unexpected(protocol::kErrorBadRequest);
    TM_TRY_ASSIGN(const Found found, Look(channel));
    const bool takes =
        found.regex != nullptr ? RE2::PartialMatch(found.channel.name.rest, *found.regex) : IsAscii(channel);
    if (!takes) return std::unexpected(protocol::kErrorBadRequest);
    return found.channel;
  }

  const ChannelSettings& settings() const override { return settings_; }

 private:
  struct Found {
    Channel channel;
    const RE2* regex = nullptr;
  };

  // What every personal channel begins with; "": there are none.
  static std::string PersonalPrefix(const std::optional<std::string>& name_space) {
    if (!name_space) return "";
    return name_space->empty() ? "#" : *name_space + ":#";
  }

  std::expected<Found, protocol::ErrorCode> Look(std::string_view channel) const {
    if (channel.empty() || channel.size() > kNameBytesMax) return std::unexpected(protocol::kErrorBadRequest);
    Channel found{.name = ParseChannelName(channel)};
    found.personal = !personal_prefix_.empty() && channel.starts_with(personal_prefix_);
    // "#user" without a namespace, where the user's id may have a ':'.
    if (found.personal && personal_prefix_ == "#") found.name.name_space = "", found.name.rest = channel;
    const Entry* entry = EntryOf(found.name.name_space);
    if (entry == nullptr) return std::unexpected(protocol::kErrorUnknownChannel);
    found.options = entry->options;
    return Found{.channel = found, .regex = entry->regex.get()};
  }

  const Entry* EntryOf(std::string_view name_space) const {
    if (name_space.empty()) return &without_namespace_;
    const auto found = namespaces_.find(name_space);
    return found == namespaces_.end() ? nullptr : &found->second;
  }

  const ChannelSettings settings_;
  const std::string personal_prefix_;
  Entry without_namespace_;
  std::unordered_map<std::string_view, Entry> namespaces_;  // keys live in settings_
};

}  // namespace

Result<std::shared_ptr<const Rules>> Rules::Make(ChannelSettings settings,
                                                 std::optional<std::string> personal_namespace) {
  auto rules = std::make_shared<CompiledRules>(std::move(settings), personal_namespace);
  TM_TRY(rules->Compile());
  return rules;
}

}  // namespace tidemill::channels
