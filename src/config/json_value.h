// Settings that hold any value of a kind, kept as JSON: a job's arguments, its custom members. In a file they
// are written as TOML, in the environment and in flags as JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::config {

struct JsonArray {
  std::string text = "[]";
  friend bool operator==(const JsonArray&, const JsonArray&) = default;
};

struct JsonObject {
  std::string text = "{}";
  friend bool operator==(const JsonObject&, const JsonObject&) = default;
};

// An object of strings that are never printed: headers with credentials in them.
struct SecretObject {
  std::string text = "{}";
  friend bool operator==(const SecretObject&, const SecretObject&) = default;
};

// kInvalidArgument says what is accepted. TOML knows no null, so none may be in it.
Result<> CheckJsonArray(std::string_view text);
Result<> CheckJsonObject(std::string_view text);
// All of its values are strings, and none is kMask.
Result<> CheckSecretObject(std::string_view text);

// The same object with kMask for each of its values.
std::string MaskValues(std::string_view json);

// A JSON value without a null in it, as TOML on one line.
std::string TomlOfJson(std::string_view json);

}  // namespace tidemill::config
