#include "realtime/protocol/protobuf.h"

#include "realtime/protocol/schema.h"

namespace tidemill::protocol {
namespace {

template <class M>
void ReadMessage(std::string_view bytes, M& message, WireStatus& status);

// Offers the field that was just read to every field of a message; the one with its number takes it. Of a
// field that comes twice the last value counts, but for messages, which are merged.
// https://protobuf.dev/programming-guides/encoding/#last-one-wins
class FieldReader {
 public:
  explicit FieldReader(WireReader& wire) : wire_(wire) {}

  void Text(std::uint32_t number, std::string_view, std::string& value) {
    if (Is(number)) value = wire_.Text();
  }
  void Payload(std::uint32_t number, std::string_view, std::string& value) {
    if (Is(number)) value = wire_.Bytes();
  }
  void Frame(std::uint32_t number, std::string_view name, std::string& value) {
    Payload(number, name, value);
  }
  template <class T>
  void Number(std::uint32_t number, std::string_view, T& value) {
    if (Is(number)) value = wire_.Integer<T>();
  }
  void Flag(std::uint32_t number, std::string_view, bool& value) {
    if (Is(number)) value = wire_.Bool();
  }
  template <class M>
  void Maybe(std::uint32_t number, std::string_view, std::optional<M>& message) {
    if (!Is(number)) return;
    if (!message) message.emplace();
    ReadMessage(wire_.Bytes(), *message, wire_.status());
  }
  void Given(std::uint32_t number, std::string_view, std::optional<std::string>& given) {
    if (Is(number)) given = wire_.Bytes();
  }
  template <class T>
  void Map(std::uint32_t number, std::string_view, std::map<std::string, T>& map) {
    if (!Is(number)) return;
    std::string key;
    T value{};
    WireReader entry(wire_.Bytes(), wire_.status());
    while (entry.Next()) {
      if (entry.field() == 1) key = entry.Text();
      if (entry.field() == 2) ReadEntry(entry, value);
    }
    map.insert_or_assign(std::move(key), std::move(value));
  }
  template <class M, class Variant>
  void Case(std::uint32_t number, std::string_view, Variant& variant) {
    if (!Is(number)) return;
    if (std::holds_alternative<std::monostate>(variant)) variant.template emplace<M>();
    M* const message = std::get_if<M>(&variant);
    if (message == nullptr) return wire_.Fail("a second request in one command");
    ReadMessage(wire_.Bytes(), *message, wire_.status());
  }

  template <class M>
  void Messages(std::uint32_t number, std::string_view, std::vector<M>& messages) {
    if (Is(number)) ReadMessage(wire_.Bytes(), messages.emplace_back(), wire_.status());
  }
  void Texts(std::uint32_t number, std::string_view, std::vector<std::string>& texts) {
    if (Is(number)) texts.push_back(wire_.Text());
  }

 private:
  bool Is(std::uint32_t number) const { return wire_.field() == number; }
  static void ReadEntry(WireReader& entry, std::string& text) { text = entry.Text(); }
  template <class M>
  static void ReadEntry(WireReader& entry, M& message) {
    ReadMessage(entry.Bytes(), message, entry.status());
  }

  WireReader& wire_;
};

template <class M>
void ReadMessage(std::string_view bytes, M& message, WireStatus& status) {
  WireReader wire(bytes, status);
  FieldReader field(wire);
  while (wire.Next()) Fields(field, message);
}

class FieldWriter {
 public:
  // `bytes_guess`: of each of the messages around a publication's data.
  explicit FieldWriter(WireWriter& wire, std::size_t bytes_guess = 0)
      : wire_(wire), bytes_guess_(bytes_guess) {}

  void Text(std::uint32_t number, std::string_view, std::string_view value, Zero = Zero::kOmitted) {
    wire_.Bytes(number, value);
  }
  void Payload(std::uint32_t number, std::string_view, std::string_view value) { wire_.Bytes(number, value); }
  template <class T>
  void Number(std::uint32_t number, std::string_view, T value, Zero = Zero::kOmitted) {
    wire_.Varint(number, static_cast<std::uint64_t>(value));
  }
  void Signed(std::uint32_t number, std::string_view, std::int64_t value) {
    wire_.Varint(number, ZigZag(value));
  }
  void Flag(std::uint32_t number, std::string_view, bool value) { wire_.Varint(number, value ? 1 : 0); }
  template <class M>
  void Message(std::uint32_t number, std::string_view, const M& message) {
    wire_.Message(
        number,
        [&](WireWriter& nested) {
          FieldWriter fields(nested, bytes_guess_);
          Fields(fields, message);
        },
        bytes_guess_);
  }
  void Message(std::uint32_t number, std::string_view name, const PublicationPtr& publication) {
    Message(number, name, *publication);
  }
  template <class M>
  void Maybe(std::uint32_t number, std::string_view name, const std::optional<M>& message) {
    if (message) FieldWriter(wire_).Message(number, name, *message);
  }
  void List(std::uint32_t number, std::string_view name, const std::vector<PublicationPtr>& list,
            Zero = Zero::kOmitted) {
    for (const PublicationPtr& publication : list) Message(number, name, *publication);
  }
  void Deltas(std::uint32_t number, std::string_view name, const PublicationDeltas& list) {
    for (std::size_t i = 0; i < list.publications.size(); ++i) Message(number, name, list.at(i));
  }
  void Content(std::uint32_t number, std::string_view, const PublicationDelta& message) {
    wire_.Bytes(number, message.data);
  }
  template <class T>
  void Map(std::uint32_t number, std::string_view, const std::vector<std::pair<std::string, T>>& map) {
    for (const auto& [key, value] : map) {
      wire_.Message(number, [&](WireWriter& entry) {
        entry.Bytes(1, key);
        WriteEntry(entry, value);
      });
    }
  }
  void Encoded(std::uint32_t, std::string_view, std::string_view fields) { wire_.Encoded(fields); }
  template <class T, class Variant>
  void Case(std::uint32_t number, std::string_view name, const Variant& variant) {
    if (const T* value = std::get_if<T>(&variant)) Message(number, name, *value);
  }

 private:
  static void WriteEntry(WireWriter& entry, const std::string& text) { entry.Bytes(2, text); }
  template <class M>
  static void WriteEntry(WireWriter& entry, const M& message) {
    FieldWriter(entry).Message(2, {}, message);
  }

  WireWriter& wire_;
  const std::size_t bytes_guess_;
};

template <class M>
void AppendMessage(const M& message, std::string& out, std::size_t bytes_guess = 0) {
  AppendDelimited(
      out,
      [&] {
        WireWriter wire(out);
        FieldWriter fields(wire, bytes_guess);
        Fields(fields, message);
      },
      bytes_guess);
}

template <class P>
void AppendPushOf(const P& push, Direction direction, std::string& out, std::size_t bytes_guess = 0) {
  if (direction == Direction::kUnidirectional) return AppendMessage(push, out, bytes_guess);
  AppendMessage(PushReply<P>{push}, out, bytes_guess);
}

}  // namespace

Command DecodeProtobufCommand(std::string_view message, WireStatus& status) {
  Command command;
  ReadMessage(message, command, status);
  return command;
}

EmulationRequest DecodeProtobufEmulation(std::string_view message, WireStatus& status) {
  EmulationRequest request;
  ReadMessage(message, request, status);
  return request;
}

void AppendProtobufReply(const Reply& reply, std::string& out) { AppendMessage(reply, out); }

void AppendProtobufPresence(const ClientInfo& info, std::string& out) {
  WireWriter wire(out);
  wire.Message(kPresenceField, [&](WireWriter& entry) {
    entry.Bytes(1, info.client);
    FieldWriter(entry).Message(2, {}, info);
  });
}

void AppendProtobufPush(const Push& push, Direction direction, std::string& out) {
  AppendPushOf(push, direction, out);
}

void AppendProtobufPublicationPush(std::string_view channel, const Publication& publication,
                                   Direction direction, std::string& out) {
  AppendPushOf(PublicationPush{channel, publication}, direction, out,
               publication.data.size() + channel.size() + 16);
}

void AppendProtobufDeltaPush(std::string_view channel, const PublicationDelta& publication,
                             Direction direction, std::string& out) {
  AppendPushOf(PublicationPush{channel, publication}, direction, out,
               publication.data.size() + channel.size() + 16);
}

}  // namespace tidemill::protocol
