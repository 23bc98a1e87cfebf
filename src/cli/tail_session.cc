#include "cli/tail_session.h"

#include <fmt/format.h>

namespace tidemill::cli {
namespace {

constexpr std::uint64_t kConnectId = 1;
constexpr std::uint16_t kInvalidToken = 3500;
constexpr Duration kSilenceAllowed = Seconds(10);

// The user of a ClientInfo, as raw JSON text: it stays escaped on its way to the terminal.
std::string RawUser(JsonReader& json) {
  std::string user;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") user = json.ReadRaw();
  }
  return user == "\"\"" ? "" : user;
}

bool MayReconnect(std::uint32_t code) {
  return !((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000));
}

}  // namespace

std::string TailSession::Begin() {
  subscribed_ = false;
  std::string commands;
  JsonWriter connect(commands);
  connect.BeginObject();
  connect.Member("id", kConnectId);
  connect.Key("connect");
  connect.BeginObject();
  if (!options_.token.empty()) connect.Member("token", options_.token);
  connect.Member("name", "tidemill-tail");
  connect.EndObject();
  connect.EndObject();
  commands += '\n';
  JsonWriter subscribe(commands);
  subscribe.BeginObject();
  subscribe.Member("id", kConnectId + 1);
  subscribe.Key("subscribe");
  subscribe.BeginObject();
  subscribe.Member("channel", options_.channel);
  if (!options_.subscription_token.empty()) subscribe.Member("token", options_.subscription_token);
  if (has_position_) {
    subscribe.Member("recover", true);
    subscribe.Member("epoch", epoch_);
    subscribe.Member("offset", offset_);
  }
  subscribe.EndObject();
  subscribe.EndObject();
  return commands;
}

TailOutcome TailSession::OnFrame(std::string_view frame) {
  TailOutcome outcome;
  while (!frame.empty() && outcome.next == Next::kGoOn) {
    const std::size_t end = frame.find('\n');
    if (const std::string_view line = frame.substr(0, end); !line.empty()) OnLine(line, outcome);
    frame = end == frame.npos ? "" : frame.substr(end + 1);
  }
  return outcome;
}

void TailSession::OnLine(std::string_view line, TailOutcome& outcome) {
  JsonReader json(line);
  std::uint64_t id = 0;
  bool empty = true;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    empty = false;
    if (*key == "id") {
      id = json.ReadInteger<std::uint64_t>();
    } else if (*key == "error") {
      OnError(id, json, outcome);
    } else if (*key == "connect") {
      OnConnect(json);
    } else if (*key == "subscribe") {
      OnSubscribe(json, outcome);
    } else if (*key == "push") {
      OnPush(json, outcome);
    }
  }
  if (const Result<void> finished = json.Finish(); !finished) {
    outcome.notes.push_back(
        fmt::format("the server sent something that is not JSON: {}", finished.error().detail));
    outcome.next = Next::kReconnect;
  } else if (empty && answers_pings_) {
    outcome.reply = "{}";
  }
}

void TailSession::OnConnect(JsonReader& json) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "ping")
      silence_max_ = Duration{Seconds(json.ReadInteger<std::uint32_t>()).ms + kSilenceAllowed.ms};
    if (*key == "pong") answers_pings_ = json.ReadBool();
  }
}

void TailSession::OnSubscribe(JsonReader& json, TailOutcome& outcome) {
  bool recoverable = false;
  bool recovered = false;
  bool was_recovering = false;
  std::string epoch;
  std::uint64_t offset = 0;
  std::vector<std::string_view> publications;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "recoverable") recoverable = json.ReadBool();
    if (*key == "recovered") recovered = json.ReadBool();
    if (*key == "was_recovering") was_recovering = json.ReadBool();
    if (*key == "epoch") epoch = json.ReadString();
    if (*key == "offset") offset = json.ReadInteger<std::uint64_t>();
    if (*key == "publications") {
      json.EnterArray();
      while (json.NextElement()) publications.push_back(json.ReadRaw());
    }
  }
  subscribed_ = true;
  has_position_ = recoverable;
  epoch_ = std::move(epoch);
  offset_ = offset;
  outcome.notes.push_back(
      fmt::format("subscribed to {}{}", options_.channel, recovered ? ", nothing was missed" : ""));
  if (was_recovering && !recovered)
    outcome.notes.push_back(
        "publications were lost: too many or too old to recover, or the server began anew");
  for (const std::string_view publication : publications) OnPublication(publication, outcome);
}

void TailSession::OnPush(JsonReader& json, TailOutcome& outcome) {
  std::string channel;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") {
      channel = json.ReadString();
    } else if (*key == "pub" && channel == options_.channel) {
      OnPublication(json.ReadRaw(), outcome);
    } else if (*key == "unsubscribe" && channel == options_.channel) {
      std::uint32_t code = 0;
      std::string reason;
      json.EnterObject();
      while (const auto member = json.NextKey()) {
        if (*member == "code") code = json.ReadInteger<std::uint32_t>();
        if (*member == "reason") reason = json.ReadString();
      }
      outcome.notes.push_back(fmt::format("the server ended the subscription: {} {}", code, reason));
      // Codes of 2500 and above ask to subscribe again.
      outcome.next = code >= 2500 ? Next::kReconnect : Next::kEnd;
    }
  }
}

void TailSession::OnPublication(std::string_view publication, TailOutcome& outcome) {
  std::uint64_t offset = 0;
  std::string epoch;
  std::string user;
  std::string_view data;
  JsonReader json(publication);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") offset = json.ReadInteger<std::uint64_t>();
    if (*key == "epoch") epoch = json.ReadString();
    if (*key == "data") data = json.ReadRaw();
    if (*key == "info") user = RawUser(json);
  }
  if (!json.Finish()) {
    outcome.notes.emplace_back("a publication of the wrong form was skipped");
    return;
  }
  if (has_position_ && offset != 0) offset_ = offset;
  if (has_position_ && !epoch.empty()) epoch_ = std::move(epoch);
  if (options_.json) {
    outcome.lines.emplace_back(publication);
  } else {
    outcome.lines.push_back(fmt::format("{}{}{}{}", offset == 0 ? "" : fmt::format("#{} ", offset), user,
                                        user.empty() ? "" : " ", data));
  }
}

void TailSession::OnError(std::uint64_t id, JsonReader& json, TailOutcome& outcome) const {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") code = json.ReadInteger<std::uint32_t>();
    if (*key == "message") message = json.ReadString();
    if (*key == "temporary") temporary = json.ReadBool();
  }
  outcome.notes.push_back(fmt::format("the server refused to {}: error {}: {}",
                                      id == kConnectId ? "connect" : "subscribe to " + options_.channel, code,
                                      message));
  outcome.next = temporary ? Next::kReconnect : Next::kEnd;
}

TailOutcome TailSession::OnClose(std::uint16_t code, std::string_view reason) {
  TailOutcome outcome;
  outcome.notes.push_back(fmt::format("the server closed the connection: {} {}", code, reason));
  if (code == kInvalidToken) {
    outcome.notes.emplace_back(
        "`tidemill token check TOKEN`, with the server's --config, says what is wrong with it");
  }
  outcome.next = MayReconnect(code) ? Next::kReconnect : Next::kEnd;
  return outcome;
}

}  // namespace tidemill::cli
