// Reading the parameters of a method. What is null is the same as absent: the default stays. What a method
// does not know is skipped, but where it may have been meant to narrow what the method does: there it is
// refused.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/errors.h"
#include "base/json.h"

namespace tidemill::api {

// Each reads the next value into its parameter.
void ReadParam(JsonReader& json, std::string& value);
void ReadParam(JsonReader& json, bool& value);
void ReadParam(JsonReader& json, std::vector<std::string>& values);

template <std::integral T>
void ReadParam(JsonReader& json, T& value) {
  if (!json.SkipNull()) value = json.ReadInteger<T>();
}

// The same for a type that `read` knows.
template <class T>
void ReadParam(JsonReader& json, T& value, void (*read)(JsonReader&, T&)) {
  if (!json.SkipNull()) read(json, value);
}

// What to refuse a request with that has a field beside the `known` ones: "unknown field "usr": did you mean
// "user"?". `field` may be of any length.
Failure UnknownField(std::string_view field, std::span<const std::string_view> known);

}  // namespace tidemill::api
