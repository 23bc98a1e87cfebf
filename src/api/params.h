// Reading the parameters of a method. What is null is the same as absent: the default stays.
#pragma once

#include <concepts>
#include <string>
#include <vector>

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

}  // namespace tidemill::api
