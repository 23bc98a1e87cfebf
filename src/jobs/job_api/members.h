// Members: reading the parameters of a method by a table of their names, so that what is misspelt, missing or
// of another kind is refused with its name.
//
//   struct JidParams : Params { std::string jid; };
//   constexpr Member<JidParams> kJidMembers[] = {Required<&JidParams::jid>("jid")};
//   void Read(JsonReader& json, JidParams& params) { ReadMembers(json, params, kJidMembers); }
//
// Pure; any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/params.h"
#include "base/json.h"

namespace tidemill::jobs {

// What every method's parameters derive from.
struct Params {
  std::optional<api::Failure> refused;  // why the call is not run
};

// Of a method that has none: members are skipped.
struct NoParams : Params {};
void Read(JsonReader& json, NoParams& params);

// A JSON value as it was written.
struct RawJson {
  std::string text;  // empty: it was absent
};

template <class P>
struct Member {
  std::string_view name;
  JsonReader::Kind kind = JsonReader::Kind::kNone;  // kNone: any
  void (*read)(JsonReader&, P&) = nullptr;
  bool required = false;
};

template <class T>
struct ValueOf {
  using Type = T;
};
template <class T>
struct ValueOf<std::optional<T>> {
  using Type = T;
};

template <class T>
consteval JsonReader::Kind KindOf() {
  using Value = typename ValueOf<T>::Type;
  if constexpr (std::same_as<Value, std::string>) return JsonReader::Kind::kString;
  if constexpr (std::same_as<Value, bool>) return JsonReader::Kind::kBool;
  if constexpr (!std::same_as<Value, bool> && (std::integral<Value> || std::floating_point<Value>)) {
    return JsonReader::Kind::kNumber;
  }
  if constexpr (std::same_as<Value, std::vector<std::string>>) return JsonReader::Kind::kArray;
  return JsonReader::Kind::kNone;
}

inline void ReadValue(JsonReader& json, RawJson& value) { value.text = json.ReadRaw(); }
inline void ReadValue(JsonReader& json, double& value) { value = json.ReadDouble(); }
template <class T>
void ReadValue(JsonReader& json, T& value) {
  api::ReadParam(json, value);
}

template <class P, class T>
P OwnerOf(T P::*);
template <class P, class T>
T TypeOf(T P::*);

template <auto kMember>
consteval auto Optional(std::string_view name) {
  using P = decltype(OwnerOf(kMember));
  using T = decltype(TypeOf(kMember));
  return Member<P>{.name = name, .kind = KindOf<T>(), .read = [](JsonReader& json, P& params) {
                     typename ValueOf<T>::Type value{};
                     ReadValue(json, value);
                     params.*kMember = std::move(value);
                   }};
}
template <auto kMember>
consteval auto Required(std::string_view name) {
  auto member = Optional<kMember>(name);
  member.required = true;
  return member;
}

// Not a template's business: the words of refusals.
api::Failure WrongKind(std::string_view name, JsonReader::Kind wanted);
api::Failure Missing(std::string_view name);
// "wait must be 0 to 60".
api::Failure OutOfRange(std::string_view name, std::string_view accepted);

template <class P, std::size_t N>
void ReadMembers(JsonReader& json, P& params, const Member<P> (&members)[N]) {
  static_assert(N <= 64);
  std::uint64_t seen = 0;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::size_t i = 0;
    while (i < N && members[i].name != *key) ++i;
    if (i == N) {
      std::vector<std::string_view> names;
      for (const Member<P>& member : members) names.push_back(member.name);
      if (!params.refused) params.refused = api::UnknownField(*key, names);
      continue;
    }
    if (json.SkipNull()) continue;
    const JsonReader::Kind kind = json.Peek();
    if (members[i].kind != JsonReader::Kind::kNone && kind != JsonReader::Kind::kNone &&
        kind != members[i].kind) {
      if (!params.refused) params.refused = WrongKind(members[i].name, members[i].kind);
      continue;
    }
    seen |= std::uint64_t{1} << i;
    members[i].read(json, params);
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (members[i].required && (seen >> i & 1) == 0 && !params.refused)
      params.refused = Missing(members[i].name);
  }
}

}  // namespace tidemill::jobs
