// Settings as documentation and as TOML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/sources.h"
#include "config/value.h"

namespace tidemill::config {

// One documented key.
struct KeyDoc {
  std::string name;  // "client.ping_interval"; of a named table "queues.<name>.workers"
  std::string type;  // "duration", "integer", "boolean", "string", "list of strings", "secret", …
  std::string default_value;
  std::string range;  // "1s … 1h", "" when any
  std::string doc;
  bool reloadable = false;  // taken over by SIGHUP
};
// Without those that are hidden and those of tables whose keys are documented elsewhere.
std::vector<KeyDoc> AllKeys(const AnySchema& schema);

// A Markdown page: the introduction, then the keys in groups.
std::string Markdown(const AnySchema& schema, std::string_view introduction);

// A TOML file with these settings, which are the schema's and are only read. Load reads the plain form back;
// a masked secret it refuses.
std::string PrintToml(const AnySchema& schema, void* settings, SecretsIn secrets);

// A TOML file with every setting's default below a comment: what it means, its type, what is accepted, and ↻
// when a reload takes it over; a table of each documented list, commented out. Load reads it back.
std::string PrintDocumentedDefaults(const AnySchema& schema);

// PrintToml as one line of JSON: an object with the keys as flags and the documentation name them, and a list
// of objects for each list of tables.
std::string PrintJson(const AnySchema& schema, void* settings, SecretsIn secrets);

// A key as it is in force.
struct EffectiveKey {
  std::string name;
  std::string value;          // JSON; secrets are masked
  std::string default_value;  // the same
  // "default", "file", "environment", "flag", or "derived": the server itself has set it, for `--dev` or
  // from other settings.
  std::string_view source;
  std::string where;  // "tidemill.toml:12", "TIDEMILL_LOOPS", "--loops"; "": nobody has given it
  bool is_default = false;
  bool reloadable = false;
};
// Of all keys, those of tables too; hidden ones only where they are not the default.
std::vector<EffectiveKey> Effective(const AnySchema& schema, void* settings, const Origins& origins);

template <class S>
std::string ToToml(const Schema<S>& schema, S settings, SecretsIn secrets) {
  return PrintToml(schema, &settings, secrets);
}

template <class S>
std::string ToJson(const Schema<S>& schema, S settings, SecretsIn secrets) {
  return PrintJson(schema, &settings, secrets);
}

}  // namespace tidemill::config
