// Field: one parameter of an operation: where it stands in a request, of which kind it is, and the member of
// the parameters that it is read into.
//
//   struct Read { RoomId room_id; Seq seq = 0; };
//   constexpr Field<Read> kRead[] = {Path<&Read::room_id>("room_id", "Of the room."),
//                                    Needed<&Read::seq>("seq", "Of the last message that was seen.")};
//
// A request of HTTP is put together into one JSON object (compose.h), which an rpc is already; so there is
// one way to read both. What is null is the same as absent. Pure; any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "chat/store/ids.h"
#include "chat/store/refusal.h"

namespace tidemill::chat {

enum class In : std::uint8_t { kPath, kQuery, kBody };

struct FieldInfo {
  std::string_view name;
  std::string_view doc;
  In in = In::kBody;
  JsonReader::Kind kind = JsonReader::Kind::kString;  // kNone: a text or a number
  bool is_required = false;
};

// A JSON object as it was written.
struct RawObject {
  std::string text;  // "": it was absent
};
// A number, or a word.
struct SeqOrWord {
  std::optional<Seq> seq;
  std::string word;
};

// Each reads the next value. Of the wrong kind it never is.
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::string& value);
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, bool& value);
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::int64_t& value);
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::vector<std::string>& value);
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, RawObject& value);
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, SeqOrWord& value);

// An id that is none is that of nothing.
template <class Tag>
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, Strong<std::int64_t, Tag>& value) {
  std::string text;
  if (auto refused = ReadValue(json, info, text)) return refused;
  const auto id = ParseId<Strong<std::int64_t, Tag>>(text);
  if (id) {
    value = *id;
    return std::nullopt;
  }
  const bool in_path = info.in == In::kPath;
  return Refusal{.code = in_path ? Code::kNotFound : Code::kInvalid,
                 .message = in_path ? "there is nothing of that id" : "this is no id",
                 .field = std::string(info.name)};
}
template <class T>
std::optional<Refusal> ReadValue(JsonReader& json, const FieldInfo& info, std::optional<T>& value) {
  return ReadValue(json, info, value.emplace());
}

template <class P>
struct Field {
  FieldInfo info;
  std::optional<Refusal> (*read)(JsonReader&, const FieldInfo&, P&) = nullptr;
};

namespace internal {

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
  if constexpr (std::same_as<Value, bool>) return JsonReader::Kind::kBool;
  if constexpr (std::same_as<Value, std::int64_t>) return JsonReader::Kind::kNumber;
  if constexpr (std::same_as<Value, std::vector<std::string>>) return JsonReader::Kind::kArray;
  if constexpr (std::same_as<Value, RawObject>) return JsonReader::Kind::kObject;
  if constexpr (std::same_as<Value, SeqOrWord>) return JsonReader::Kind::kNone;
  return JsonReader::Kind::kString;
}

template <class P, class T>
P OwnerOf(T P::*);
template <class P, class T>
T TypeOf(T P::*);

template <auto kMember>
consteval auto MakeField(std::string_view name, std::string_view doc, In in, bool is_required) {
  using P = decltype(OwnerOf(kMember));
  using T = decltype(TypeOf(kMember));
  return Field<P>{
      .info = {.name = name, .doc = doc, .in = in, .kind = KindOf<T>(), .is_required = is_required},
      .read = [](JsonReader& json, const FieldInfo& info, P& params) {
        return ReadValue(json, info, params.*kMember);
      }};
}

}  // namespace internal

template <auto kMember>
consteval auto Path(std::string_view name, std::string_view doc) {
  return internal::MakeField<kMember>(name, doc, In::kPath, true);
}
template <auto kMember>
consteval auto Query(std::string_view name, std::string_view doc) {
  return internal::MakeField<kMember>(name, doc, In::kQuery, false);
}
template <auto kMember>
consteval auto Body(std::string_view name, std::string_view doc) {
  return internal::MakeField<kMember>(name, doc, In::kBody, false);
}
template <auto kMember>
consteval auto Needed(std::string_view name, std::string_view doc) {
  return internal::MakeField<kMember>(name, doc, In::kBody, true);
}

// What stands in a request beside the fields that it may have, twice, or is of the wrong kind.
Refusal UnknownField(std::string_view name, std::span<const FieldInfo> known);
Refusal WrongKind(const FieldInfo& info);
Refusal GivenTwice(const FieldInfo& info);
Refusal IsMissing(const FieldInfo& info);

// Reads one object. The first refusal is given; whether the text is JSON, JsonReader::Finish tells.
template <class P>
std::optional<Refusal> ReadFields(JsonReader& json, std::span<const Field<P>> fields, P& params) {
  std::uint64_t seen = 0;
  std::optional<Refusal> refused;
  const auto refuse = [&refused](Refusal refusal) {
    if (!refused) refused = std::move(refusal);
  };
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::size_t i = 0;
    while (i < fields.size() && fields[i].info.name != *key) ++i;
    if (i == fields.size()) {
      std::vector<FieldInfo> known;
      for (const Field<P>& each : fields) known.push_back(each.info);
      refuse(UnknownField(*key, known));
      continue;
    }
    const FieldInfo& info = fields[i].info;
    if (json.SkipNull()) continue;
    if ((seen >> i & 1) != 0) refuse(GivenTwice(info));
    seen |= std::uint64_t{1} << i;
    const JsonReader::Kind kind = json.Peek();
    const bool either = info.kind == JsonReader::Kind::kNone &&
                        (kind == JsonReader::Kind::kString || kind == JsonReader::Kind::kNumber);
    if (kind != info.kind && !either) {
      refuse(WrongKind(info));
      continue;
    }
    if (auto wrong = fields[i].read(json, info, params)) refuse(*std::move(wrong));
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].info.is_required && (seen >> i & 1) == 0) refuse(IsMissing(fields[i].info));
  }
  return refused;
}

}  // namespace tidemill::chat
