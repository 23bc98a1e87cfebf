// Reads the settings: the base (defaults), then the TOML file, then TIDEMILL_… in the environment, then
// flags. The later of two wins.
//
// Nothing is half taken: either every value is good, or the result names each bad one: where it stands, what
// it was, what is accepted; for an unknown key the nearest known one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace tidemill::config {

struct Sources {
  Settings base;                                           // what is in force where nothing is given
  std::string file;                                        // path; "": none
  std::map<std::string, std::string> environment;          // only TIDEMILL_… is looked at
  std::vector<std::pair<std::string, std::string>> flags;  // key and value, e.g. {"client.insecure", "true"}
};

// Names the file for commands that are not told one; of the environment's TIDEMILL_… it alone is no setting.
inline constexpr std::string_view kConfigFileVariable = "TIDEMILL_CONFIG";

// The error's detail is one line per problem: `tidemill.toml:12: client.ping_interval = "5x": not a duration;
// write it like "25s" (1s … 1h)`. Secrets are never in it. What Kubernetes puts into the environment of a
// container for a service called tidemill is passed over.
Result<Settings> Load(const Sources& sources);

// Checks what no single key can: recovery needs history, names of namespaces, and so on. Part of Load.
Result<void> Check(const Settings& settings);

// The process's environment, TIDEMILL_ ones only.
std::map<std::string, std::string> Environment();

// One documented key.
struct KeyDoc {
  std::string name;  // "client.ping_interval"
  std::string type;  // "duration", "integer", "boolean", "string", "list of strings", "secret", …
  std::string default_value;
  std::string range;  // "1s … 1h", "" when any
  std::string doc;
  bool reloadable = false;  // taken over by SIGHUP
};
std::vector<KeyDoc> AllKeys();

// Names of the keys in which `wanted` differs from `running` and that only a restart takes over.
std::vector<std::string> NeedRestart(const Settings& running, const Settings& wanted);

// docs/configuration.md, made of AllKeys.
std::string Markdown();

// A TOML file with these settings, for `config show` and `config default`. Load reads the plain form back; a
// masked secret it refuses.
enum class SecretsIn { kMasked, kPlain };
std::string ToToml(const Settings& settings, SecretsIn secrets);

// "25s", "1m30s", "250ms", "720h"; kInvalidArgument otherwise.
Result<Duration> ParseDuration(std::string_view text);
std::string ToString(Duration duration);

}  // namespace tidemill::config
