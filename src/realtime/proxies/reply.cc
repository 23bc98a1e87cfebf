#include "realtime/proxies/reply.h"

#include <utility>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "realtime/control/actions.h"
#include "realtime/session/subscription_options.h"

namespace tidemill::proxies {
namespace {

using session::ConnectTerms;
using session::KeyTerms;
using session::PublishTerms;
using session::RefreshTerms;
using session::SubscribeTerms;

bool Is(std::string_view key, std::string_view name) { return EqualIgnoringCase(key, name); }

std::string ReadText(JsonReader& json) { return json.SkipNull() ? std::string() : json.ReadString(); }
bool ReadFlag(JsonReader& json) { return !json.SkipNull() && json.ReadBool(); }
std::int64_t ReadTime(JsonReader& json) { return json.SkipNull() ? 0 : json.ReadInteger<std::int64_t>(); }

std::string ReadBase64(JsonReader& json) {
  const std::string text = ReadText(json);
  std::optional<std::string> bytes = Base64Decode(text, Base64::kStandard);
  if (!bytes) json.Fail("not base64");
  return std::move(bytes).value_or("");
}

// JSON on one line: a line break would end the message in which it goes to a client.
std::string ReadJson(JsonReader& json) {
  std::string out;
  JsonWriter(out).RawOnOneLine(json.ReadRaw());
  return out;
}

// A payload in two spellings, of which the one in base64 counts where it is not empty.
struct Spelled {
  std::optional<std::string> json;
  std::string base64;

  // Whether the key was one of the two.
  bool Read(JsonReader& reader, std::string_view key, std::string_view name, std::string_view base64_name) {
    if (Is(key, name)) json = ReadJson(reader);
    if (Is(key, base64_name)) base64 = ReadBase64(reader);
    return Is(key, name) || Is(key, base64_name);
  }
  std::string Bytes() && { return base64.empty() ? std::move(json).value_or("") : std::move(base64); }
};

std::optional<bool> ReadOverride(JsonReader& json) {
  if (json.SkipNull()) return std::nullopt;
  bool value = false;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (Is(*key, "value")) value = ReadFlag(json);
  }
  return value;
}

void ReadOverrides(JsonReader& json, auth::OptionOverrides& overrides) {
  if (json.SkipNull()) return;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    for (const auto& field : auth::kOverrideFields) {
      if (Is(*key, field.name.text)) {
        overrides.*field.value = ReadOverride(json);
        break;
      }
    }
  }
}

protocol::Tags ReadTags(JsonReader& json) {
  protocol::Tags tags;
  if (json.SkipNull()) return tags;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::string name(*key);
    tags.emplace_back(std::move(name), ReadText(json));
  }
  return tags;
}

// JSON of a filter that can be read; "": there is none.
std::string ReadTagsFilter(JsonReader& json) {
  if (json.SkipNull()) return {};
  std::string text(json.ReadRaw());
  if (json.ok() && !session::ServerFilterOf(text)) json.Fail("server_tags_filter is malformed");
  return text;
}

// ---- results

auth::TokenSubscription ReadSub(JsonReader& json) {
  auth::TokenSubscription sub;
  Spelled info;
  Spelled data;
  if (json.SkipNull()) return sub;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (info.Read(json, *key, "info", "b64info") || data.Read(json, *key, "data", "b64data")) continue;
    if (Is(*key, "override")) {
      ReadOverrides(json, sub.overrides);
    } else if (Is(*key, "cache_recover")) {
      sub.overrides.cache_recover = ReadFlag(json);
    } else if (Is(*key, "server_tags_filter")) {
      sub.tags_filter = ReadTagsFilter(json);
    }
  }
  sub.info = std::move(info).Bytes();
  sub.data = std::move(data).Bytes();
  return sub;
}

void ReadChannels(JsonReader& json, ConnectTerms& terms) {
  if (json.SkipNull()) return;
  json.EnterArray();
  while (json.NextElement()) {
    if (std::string channel = ReadText(json); !channel.empty()) terms.subs.try_emplace(std::move(channel));
  }
}

void ReadSubs(JsonReader& json, ConnectTerms& terms) {
  if (json.SkipNull()) return;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::string channel(*key);
    auth::TokenSubscription sub = ReadSub(json);
    if (!channel.empty()) terms.subs.insert_or_assign(std::move(channel), std::move(sub));
  }
}

void ReadResult(JsonReader& json, ConnectTerms& terms) {
  terms.from = ConnectTerms::From::kBackend;
  Spelled info;
  Spelled data;
  while (const auto key = json.NextKey()) {
    if (info.Read(json, *key, "info", "b64info") || data.Read(json, *key, "data", "b64data")) continue;
    if (Is(*key, "user")) {
      terms.user = ReadText(json);
    } else if (Is(*key, "expire_at")) {
      terms.expire_at = ReadTime(json);
    } else if (Is(*key, "channels")) {
      ReadChannels(json, terms);
    } else if (Is(*key, "subs")) {
      ReadSubs(json, terms);
    } else if (Is(*key, "meta")) {
      terms.meta = ReadJson(json);
    }
  }
  terms.info = std::move(info).Bytes();
  terms.data = std::move(data).Bytes();
}

void ReadResult(JsonReader& json, SubscribeTerms& terms) {
  Spelled info;
  Spelled data;
  while (const auto key = json.NextKey()) {
    if (info.Read(json, *key, "info", "b64info") || data.Read(json, *key, "data", "b64data")) continue;
    if (Is(*key, "expire_at")) {
      terms.expire_at = ReadTime(json);
    } else if (Is(*key, "override")) {
      ReadOverrides(json, terms.overrides);
    } else if (Is(*key, "server_tags_filter")) {
      terms.server_filter = session::ServerFilterOf(ReadTagsFilter(json)).value_or(nullptr);
    }
  }
  terms.info = std::move(info).Bytes();
  terms.data = std::move(data).Bytes();
}

// Whether the key was one of a publication's.
bool ReadPublication(JsonReader& json, std::string_view key, PublishTerms& terms) {
  if (Is(key, "skip_history")) {
    terms.skip_history = ReadFlag(json);
  } else if (Is(key, "delta")) {
    terms.delta = ReadFlag(json);
  } else if (Is(key, "tags")) {
    terms.tags = ReadTags(json);
  } else if (Is(key, "idempotency_key")) {
    terms.idempotency_key = ReadText(json);
  } else if (Is(key, "version")) {
    terms.version = json.SkipNull() ? 0 : json.ReadInteger<std::uint64_t>();
  } else if (Is(key, "version_epoch")) {
    terms.version_epoch = ReadText(json);
  } else {
    return false;
  }
  return true;
}

// Of a publication, data in JSON count before those in base64.
void TakeData(Spelled data, PublishTerms& terms) {
  if (data.json) {
    terms.data = std::move(data.json);
    terms.form = broker::DataForm::kJson;
  } else if (!data.base64.empty()) {
    terms.data = std::move(data.base64);
  }
}

void ReadResult(JsonReader& json, PublishTerms& terms) {
  Spelled data;
  while (const auto key = json.NextKey()) {
    if (!data.Read(json, *key, "data", "b64data")) ReadPublication(json, *key, terms);
  }
  TakeData(std::move(data), terms);
}

broker::KeyCondition ReadCondition(JsonReader& json) {
  const std::string mode = ReadText(json);
  if (mode == "if_new") return broker::KeyCondition::kIfNew;
  if (mode == "if_exists") return broker::KeyCondition::kIfExists;
  if (!mode.empty()) json.Fail("key_mode is \"if_new\" or \"if_exists\"");
  return broker::KeyCondition::kNone;
}

void ReadResult(JsonReader& json, KeyTerms& terms) {
  Spelled data;
  while (const auto key = json.NextKey()) {
    if (data.Read(json, *key, "data", "b64data") || ReadPublication(json, *key, terms.publish)) continue;
    if (Is(*key, "key")) {
      terms.key = ReadText(json);
    } else if (Is(*key, "key_mode")) {
      terms.condition = ReadCondition(json);
    }
  }
  TakeData(std::move(data), terms.publish);
}

void ReadResult(JsonReader& json, RpcTerms& terms) {
  Spelled data;
  while (const auto key = json.NextKey()) data.Read(json, *key, "data", "b64data");
  terms.data = std::move(data).Bytes();
}

void ReadResult(JsonReader& json, RefreshTerms& terms) {
  Spelled info;
  while (const auto key = json.NextKey()) {
    if (info.Read(json, *key, "info", "b64info")) continue;
    if (Is(*key, "expired")) {
      terms.expired = ReadFlag(json);
    } else if (Is(*key, "expire_at")) {
      terms.expire_at = ReadTime(json);
    } else if (Is(*key, "meta")) {
      terms.meta = ReadJson(json);
    }
  }
  if (info.json || !info.base64.empty()) terms.info = std::move(info).Bytes();
}

polls::Item ReadItem(JsonReader& json) {
  polls::Item item;
  Spelled data;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (data.Read(json, *key, "data", "b64data")) continue;
    if (Is(*key, "key")) {
      item.key = ReadText(json);
    } else if (Is(*key, "version")) {
      item.version = json.SkipNull() ? 0 : json.ReadInteger<std::uint64_t>();
    } else if (Is(*key, "removed")) {
      item.removed = ReadFlag(json);
    }
  }
  if (!data.base64.empty() || data.json) {
    item.data_is_json = data.base64.empty();
    item.data = std::move(data).Bytes();
  }
  return item;
}

void ReadResult(JsonReader& json, polls::Answer& answer) {
  while (const auto key = json.NextKey()) {
    if (Is(*key, "epoch")) {
      answer.epoch = ReadText(json);
    } else if (Is(*key, "items") && !json.SkipNull()) {
      json.EnterArray();
      while (json.NextElement()) answer.items.push_back(ReadItem(json));
    }
  }
}

// ---- what refuses

ErrorText ReadError(JsonReader& json) {
  ErrorText error;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (Is(*key, "code")) {
      error.code = json.ReadInteger<std::uint32_t>();
    } else if (Is(*key, "message")) {
      error.message = ReadText(json);
    } else if (Is(*key, "temporary")) {
      error.temporary = ReadFlag(json);
    }
  }
  if (error.code == 0) json.Fail("an error without a code");
  return error;
}

DisconnectText ReadDisconnect(JsonReader& json) {
  DisconnectText disconnect;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (Is(*key, "code")) {
      disconnect.code = json.ReadInteger<std::uint32_t>();
    } else if (Is(*key, "reason")) {
      disconnect.reason = CutUtf8(ReadText(json), control::kDisconnectReasonBytesMax);
    }
  }
  if (!control::IsDisconnectCode(disconnect.code)) {
    json.Fail("the code of a disconnect is 3000 to 4999");
  }
  return disconnect;
}

}  // namespace

template <class Terms>
Result<Reply<Terms>> ReadReply(std::string_view text) {
  Reply<Terms> reply;
  std::optional<Refusing> error;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    const bool known = Is(*key, "result") || Is(*key, "error") || Is(*key, "disconnect");
    if (!known || json.SkipNull()) continue;
    if (Is(*key, "result")) {
      json.EnterObject();
      ReadResult(json, reply.result.emplace());
    } else if (Is(*key, "error")) {
      error = ReadError(json);
    } else {
      reply.refusing = ReadDisconnect(json);
    }
  }
  TM_TRY(json.Finish());
  if (!reply.refusing) reply.refusing = std::move(error);
  return reply;
}

template Result<Reply<ConnectTerms>> ReadReply(std::string_view text);
template Result<Reply<SubscribeTerms>> ReadReply(std::string_view text);
template Result<Reply<PublishTerms>> ReadReply(std::string_view text);
template Result<Reply<KeyTerms>> ReadReply(std::string_view text);
template Result<Reply<RpcTerms>> ReadReply(std::string_view text);
template Result<Reply<RefreshTerms>> ReadReply(std::string_view text);
template Result<Reply<polls::Answer>> ReadReply(std::string_view text);

}  // namespace tidemill::proxies
