#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "config/check.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/nearest.h"
#include "config/toml_file.h"
#include "config/unavailable.h"
#include "config/value.h"

extern "C" char** environ;  // POSIX, declared by no header under strict C++

namespace tidemill::config {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kProblemsMax = 100;
constexpr std::string_view kEnvironmentPrefix = "TIDEMILL_";

std::string EnvironmentName(std::string_view key) {
  std::string name(kEnvironmentPrefix);
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// Kubernetes describes each service to each container: a service called "tidemill" or "tidemill-…" must not
// keep the server from starting. None of these shapes is a setting: …_SERVICE_HOST, …_SERVICE_PORT[_NAME],
// …_PORT=tcp://…, …_PORT_8000_TCP[_ADDR|_PORT|_PROTO].
bool IsFromKubernetes(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT")) return true;
  if (name.ends_with("_PORT"))
    return value.contains("://") || name.contains("_TCP_") || name.contains("_UDP_");
  for (const std::string_view protocol : {"_TCP", "_UDP", "_SCTP"}) {
    const std::size_t at = name.rfind(protocol);
    const std::size_t port = name.rfind("_PORT_", at);
    if (at != name.npos && port != name.npos && IsNumber(name.substr(port + 6, at - port - 6))) return true;
  }
  return false;
}

class Loader {
 public:
  explicit Loader(const Settings& base) : draft_(Draft::From(base)) {
    for (const Key& key : Keys()) keys_.emplace(key.name, key);
    for (const auto& [name, options] : base.channel.namespaces) AddKeysOf(name);
  }

  void ReadFile(const std::string& path) {
    const Result<std::string> text = config::ReadFile(path, kFileBytesMax);
    if (!text) {
      problems_.push_back(fmt::format("{}: {}", path, text.error().detail));
      return;
    }
    TomlFile file = ReadToml(*text, path);
    for (const std::string& name : file.namespaces) Declare(name);
    problems_.insert(problems_.end(), file.problems.begin(), file.problems.end());
    for (const Given& given : file.values) Take(given, "");
  }

  void ReadEnvironment(const std::map<std::string, std::string>& environment) {
    const std::string namespaces = EnvironmentName(kNamespacesKey);
    if (const auto found = environment.find(namespaces); found != environment.end())
      DeclareAll(found->second);
    std::map<std::string, std::vector<const Key*>> known;
    for (const auto& [name, key] : keys_) known[EnvironmentName(name)].push_back(&key);
    for (const auto& [name, value] : environment) {
      if (!name.starts_with(kEnvironmentPrefix) || name == namespaces || name == kConfigFileVariable ||
          IsFromKubernetes(name, value)) {
        continue;
      }
      const auto found = known.find(name);
      if (found == known.end()) {
        RefuseVariable(name, known);
      } else if (found->second.size() > 1) {
        problems_.push_back(fmt::format("{}: stands for both {} and {}; set them in the file", name,
                                        found->second[0]->name, found->second[1]->name));
      } else {
        Take({.key = found->second.front()->name, .where = name, .value = Untyped{value}}, "");
      }
    }
  }

  void ReadFlags(const std::vector<std::pair<std::string, std::string>>& flags) {
    for (const auto& [name, value] : flags) {
      if (name == kNamespacesKey) {
        DeclareAll(value);
      } else {
        DeclareNamespaceOf(name);
        Take({.key = name, .where = "--" + name, .value = Untyped{value}}, "--");
      }
    }
  }

  Result<Settings> Finish() && {
    if (!draft_.subscription_token_enabled && draft_.subscription_token != TokenSettings{}) {
      AddFinding({"client.subscription_token.enabled",
                  {},
                  " = false: keys of client.subscription_token are given; set it to true, or remove them"});
    }
    Settings settings = std::move(draft_).Finish();
    if (settings.broker.redis.given() && !origins_.contains("broker.type")) settings.broker.type = "redis";
    for (const Finding& finding : FindContradictions(settings)) AddFinding(finding);
    if (problems_.empty()) return settings;
    std::string lines;
    for (std::size_t i = 0; i < std::min(problems_.size(), kProblemsMax); ++i) {
      lines += fmt::format("{}{}", i == 0 ? "" : "\n", problems_[i]);
    }
    if (problems_.size() > kProblemsMax) {
      lines += fmt::format("\nand {} more", problems_.size() - kProblemsMax);
    }
    return Fail(Errc::kInvalidArgument, std::move(lines));
  }

 private:
  void Declare(const std::string& name_space) {
    if (draft_.settings.channel.namespaces.try_emplace(name_space).second) AddKeysOf(name_space);
  }

  void AddKeysOf(const std::string& name_space) {
    for (Key& key : NamespaceKeys(name_space)) {
      std::string name = key.name;
      keys_.emplace(std::move(name), std::move(key));
    }
  }

  void DeclareAll(const std::string& names) {
    for (const std::string& name : Words(names)) Declare(name);
  }

  // A flag for an option of a namespace brings the namespace into being.
  void DeclareNamespaceOf(std::string_view flag) {
    const std::size_t begin = kNamespacesKey.size() + 1;
    const std::size_t dot = flag.rfind('.');
    if (!flag.starts_with(fmt::format("{}.", kNamespacesKey)) || dot <= begin) return;
    const std::string option(flag.substr(dot + 1));
    if (keys_.contains("channel.without_namespace." + option)) {
      Declare(std::string(flag.substr(begin, dot - begin)));
    }
  }

  // `flag_prefix` stands before suggested names.
  void Take(const Given& given, std::string_view flag_prefix) {
    const auto key = keys_.find(given.key);
    if (key == keys_.end()) {
      RefuseKey(given, flag_prefix);
      return;
    }
    if (const Result<void> assigned = Assign(key->second, given.value, draft_); assigned) {
      origins_[given.key] = given.where;
      bad_.erase(given.key);
    } else {
      bad_.insert(given.key);
      problems_.push_back(fmt::format("{} = {}: {}", given.where, Describe(key->second, given.value),
                                      assigned.error().detail));
    }
  }

  void RefuseKey(const Given& given, std::string_view flag_prefix) {
    const auto below = keys_.lower_bound(given.key + ".");
    if (below != keys_.end() && below->first.starts_with(given.key + ".")) {
      const auto* alien = std::get_if<Alien>(&given.value);
      if (alien != nullptr && alien->what == "a section") return;
      problems_.push_back(given.where + ": a section, not a setting");
      return;
    }
    if (const std::optional<std::string> why = WhyRefused(given.key)) {
      problems_.push_back(fmt::format("{}: {}", given.where, *why));
      return;
    }
    std::vector<std::string> names;
    for (const auto& [name, key] : keys_) names.push_back(name);
    const std::optional<std::string> nearest = Nearest(given.key, names);
    problems_.push_back(given.where + ": unknown" +
                        (nearest ? fmt::format("; did you mean {}{}?", flag_prefix, *nearest)
                                 : "; `tidemill config doc` lists all settings"));
  }

  std::optional<std::string> WhyRefused(const std::string& key) const {
    for (const auto& [name, options] : draft_.settings.channel.namespaces) {
      const std::string prefix = fmt::format("{}.{}.", kNamespacesKey, name);
      if (!key.starts_with(prefix)) continue;
      if (auto why = WhyOptionUnavailable(std::string_view(key).substr(prefix.size()))) return why;
    }
    return WhyUnavailable(key);
  }

  void RefuseVariable(const std::string& name, const std::map<std::string, std::vector<const Key*>>& known) {
    if (auto why = WhyUnavailable(std::string_view(name).substr(kEnvironmentPrefix.size()))) {
      problems_.push_back(fmt::format("{}: {}", name, *why));
      return;
    }
    std::vector<std::string> names;
    for (const auto& [variable, keys] : known) names.push_back(variable);
    const std::string namespaces = EnvironmentName(kNamespacesKey);
    if (name.starts_with(namespaces + "_")) {
      problems_.push_back(
          fmt::format("{}: no such option, or a namespace that {} does not list", name, namespaces));
      return;
    }
    const std::optional<std::string> nearest = Nearest(name, names);
    problems_.push_back(name + ": unknown" +
                        (nearest ? fmt::format("; did you mean {}?", *nearest)
                                 : "; `tidemill config doc` lists all settings"));
  }

  // A value that could not be read would only make further sentences about it misleading.
  void AddFinding(const Finding& finding) {
    const auto is_bad = [this](const std::string& key) { return bad_.contains(key); };
    if (is_bad(finding.key) || std::ranges::any_of(finding.others, is_bad)) return;
    const auto origin = origins_.find(finding.key);
    problems_.push_back((origin == origins_.end() ? finding.key : origin->second) + finding.text);
  }

  Draft draft_;
  std::map<std::string, Key> keys_;
  std::map<std::string, std::string> origins_;  // where each key was last given
  std::set<std::string> bad_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<Settings> Load(const Sources& sources) {
  Loader loader(sources.base);
  if (!sources.file.empty()) loader.ReadFile(sources.file);
  loader.ReadEnvironment(sources.environment);
  loader.ReadFlags(sources.flags);
  return std::move(loader).Finish();
}

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !text.starts_with(kEnvironmentPrefix)) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> NeedRestart(const Settings& running, const Settings& wanted) {
  Draft before = Draft::From(running);
  Draft after = Draft::From(wanted);
  std::vector<std::string> names;
  for (const Key& key : Keys()) {
    if (key.facts.reload == Reload::kYes) continue;
    const auto same = [](auto* a, auto* b) {
      if constexpr (std::is_same_v<decltype(a), decltype(b)>) {
        return *a == *b;
      } else {
        return false;
      }
    };
    if (!std::visit(same, key.field(before), key.field(after))) names.push_back(key.name);
  }
  return names;
}

}  // namespace tidemill::config
