#include "realtime/protocol/json.h"

#include "base/base64.h"
#include "base/json.h"
#include "realtime/protocol/schema.h"

namespace tidemill::protocol {
namespace {

template <class M>
void ReadMessage(JsonReader& json, M& message);

// Offers the member that comes next to every field of a message; the one with its key reads it. A member that
// is null is as good as absent, but for a payload, whose value it is.
class MemberReader {
 public:
  MemberReader(JsonReader& json, std::string_view key) : json_(json), key_(key), is_null_(json.SkipNull()) {}

  void Text(int, std::string_view name, std::string& value) {
    if (Take(name)) value = json_.ReadString();
  }
  void Payload(int, std::string_view name, std::string& value) {
    if (is_null_ && key_ == name) value = "null";
    if (Take(name)) value = json_.ReadRaw();
  }
  void Frame(int number, std::string_view name, std::string& value) { Text(number, name, value); }
  template <class T>
  void Number(int, std::string_view name, T& value) {
    if (Take(name)) value = json_.ReadInteger<T>();
  }
  void Flag(int, std::string_view name, bool& value) {
    if (Take(name)) value = json_.ReadBool();
  }
  template <class M>
  void Maybe(int, std::string_view name, std::optional<M>& message) {
    if (Take(name)) ReadMessage(json_, message.emplace());
  }
  void Given(int, std::string_view name, std::optional<std::string>& given) {
    if (!Take(name)) return;
    if (json_.Peek() != JsonReader::Kind::kObject) return json_.Fail("expected an object");
    given = json_.ReadRaw();
  }
  template <class T>
  void Map(int, std::string_view name, std::map<std::string, T>& map) {
    if (!Take(name)) return;
    map.clear();
    json_.EnterObject();
    while (const auto key = json_.NextKey()) {
      if (json_.SkipNull()) continue;
      ReadEntry(map[std::string(*key)]);
    }
  }
  template <class M>
  void Messages(int, std::string_view name, std::vector<M>& messages) {
    ReadList(name, messages, [this](M& message) { ReadMessage(json_, message); });
  }
  void Texts(int, std::string_view name, std::vector<std::string>& texts) {
    ReadList(name, texts, [this](std::string& text) { text = json_.ReadString(); });
  }
  template <class M, class Variant>
  void Case(int, std::string_view name, Variant& variant) {
    if (!Take(name)) return;
    if (!std::holds_alternative<std::monostate>(variant) && !std::holds_alternative<M>(variant)) {
      return json_.Fail("a second request in one command");
    }
    ReadMessage(json_, variant.template emplace<M>());
  }

 private:
  // Reading may overwrite what `key_` refers to, so it is not looked at once it is taken.
  bool Take(std::string_view name) {
    if (is_null_ || taken_ || key_ != name) return false;
    taken_ = true;
    return true;
  }
  template <class T, class Read>
  void ReadList(std::string_view name, std::vector<T>& list, Read read) {
    if (!Take(name)) return;
    list.clear();
    json_.EnterArray();
    while (json_.NextElement()) read(list.emplace_back());
  }
  void ReadEntry(std::string& text) { text = json_.ReadString(); }
  template <class M>
  void ReadEntry(M& message) {
    message = {};
    ReadMessage(json_, message);
  }

  JsonReader& json_;
  std::string_view key_;
  const bool is_null_;  // and read already
  bool taken_ = false;
};

template <class M>
void ReadMessage(JsonReader& json, M& message) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    MemberReader member(json, *key);
    Fields(member, message);
  }
}

template <class M>
Result<M> Decode(std::string_view text) {
  JsonReader json(text);
  M message;
  ReadMessage(json, message);
  TM_TRY(json.Finish());
  return message;
}

template <class M>
void WriteMessage(JsonWriter& json, const M& message);

// What is known of a message's payloads.
enum class Payloads : std::uint8_t { kAny, kJson };

class MemberWriter {
 public:
  explicit MemberWriter(JsonWriter& json, Payloads payloads = Payloads::kAny)
      : json_(json), payloads_(payloads) {}

  void Text(int, JsonName name, std::string_view value, Zero zero = Zero::kOmitted) {
    if (!value.empty() || zero == Zero::kWritten) json_.Member(name, value);
  }
  void Payload(int, JsonName name, std::string_view value) {
    if (value.empty()) return;
    json_.Key(name);
    // Clients that speak Protobuf, tokens and services may give any bytes.
    if (payloads_ == Payloads::kJson || IsJson(value)) {
      json_.RawOnOneLine(value);
    } else {
      json_.String(Base64Encode(value, Base64::kStandard));
    }
  }
  template <class T>
  void Number(int, JsonName name, T value, Zero zero = Zero::kOmitted) {
    if (value != 0 || zero == Zero::kWritten) json_.Member(name, value);
  }
  void Signed(int number, JsonName name, std::int64_t value) { Number(number, name, value); }
  void Flag(int, JsonName name, bool value) {
    if (value) json_.Member(name, true);
  }
  template <class M>
  void Message(int, JsonName name, const M& message) {
    json_.Key(name);
    WriteMessage(json_, message);
  }
  template <class M>
  void Maybe(int number, JsonName name, const std::optional<M>& message) {
    if (message) Message(number, name, *message);
  }
  void List(int, JsonName name, const std::vector<PublicationPtr>& list, Zero zero = Zero::kOmitted) {
    if (list.empty() && zero == Zero::kOmitted) return;
    json_.Key(name);
    json_.BeginArray();
    for (const PublicationPtr& publication : list) WriteMessage(json_, *publication);
    json_.EndArray();
  }
  void Deltas(int, JsonName name, const PublicationDeltas& list) {
    if (list.publications.empty()) return;
    json_.Key(name);
    json_.BeginArray();
    for (std::size_t i = 0; i < list.publications.size(); ++i) WriteMessage(json_, list.at(i));
    json_.EndArray();
  }
  // The client reads the text as JSON, after it has applied it if it is a delta.
  void Content(int, JsonName name, const PublicationDelta& message) {
    json_.Key(name);
    if (message.data.empty()) return json_.String("null");
    if (message.delta || message.publication.data_is_json || IsJson(message.data)) {
      return json_.String(message.data);
    }
    json_.String('"' + Base64Encode(message.data, Base64::kStandard) + '"');
  }
  template <class T>
  void Map(int, JsonName name, const std::vector<std::pair<std::string, T>>& map) {
    if (map.empty()) return;
    json_.Key(name);
    json_.BeginObject();
    for (const auto& [key, value] : map) {
      json_.DynamicKey(key);
      WriteEntry(value);
    }
    json_.EndObject();
  }
  void Encoded(int, JsonName name, std::string_view object) {
    json_.RawMember(name, object.empty() ? "{}" : object);
  }
  template <class T, class Variant>
  void Case(int number, JsonName name, const Variant& variant) {
    if (const T* value = std::get_if<T>(&variant)) Message(number, name, *value);
  }
  void Message(int number, JsonName name, const PublicationPtr& publication) {
    Message(number, name, *publication);
  }

 private:
  void WriteEntry(const std::string& text) { json_.String(text); }
  template <class M>
  void WriteEntry(const M& message) {
    WriteMessage(json_, message);
  }

  JsonWriter& json_;
  const Payloads payloads_;
};

template <class M>
Payloads KnownOf(const M&) {
  return Payloads::kAny;
}

Payloads KnownOf(const Publication& publication) {
  return publication.data_is_json ? Payloads::kJson : Payloads::kAny;
}

template <class M>
void WriteMessage(JsonWriter& json, const M& message) {
  json.BeginObject();
  MemberWriter members(json, KnownOf(message));
  Fields(members, message);
  json.EndObject();
}

template <class M>
void AppendMessage(const M& message, std::string& out) {
  JsonWriter json(out);
  WriteMessage(json, message);
}

template <class P>
void AppendPushOf(const P& push, Direction direction, std::string& out) {
  if (direction == Direction::kUnidirectional) return AppendMessage(push, out);
  AppendMessage(PushReply<P>{push}, out);
}

}  // namespace

Result<Command> DecodeJsonCommand(std::string_view text) { return Decode<Command>(text); }

Result<ConnectRequest> DecodeJsonConnect(std::string_view text) { return Decode<ConnectRequest>(text); }

Result<EmulationRequest> DecodeJsonEmulation(std::string_view text) { return Decode<EmulationRequest>(text); }

void AppendJsonReply(const Reply& reply, std::string& out) { AppendMessage(reply, out); }

void AppendJsonPresence(const ClientInfo& info, std::string& out) {
  out += out.empty() ? '{' : ',';
  JsonWriter json(out);
  json.DynamicKey(info.client);
  WriteMessage(json, info);
}

void AppendJsonPush(const Push& push, Direction direction, std::string& out) {
  AppendPushOf(push, direction, out);
}

void AppendJsonPublicationPush(std::string_view channel, const Publication& publication, Direction direction,
                               std::string& out) {
  AppendPushOf(PublicationPush{channel, publication}, direction, out);
}

void AppendJsonDeltaPush(std::string_view channel, const PublicationDelta& publication, Direction direction,
                         std::string& out) {
  AppendPushOf(PublicationPush{channel, publication}, direction, out);
}

}  // namespace tidemill::protocol
