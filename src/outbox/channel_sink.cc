#include "outbox/channel_sink.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"

namespace tidemill::outbox {
namespace {

void ReadTags(JsonReader& json, protocol::Tags& tags) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::string name(*key);
    tags.emplace_back(std::move(name), json.ReadString());
  }
}

Delivery Refused(std::string why) { return {.result = Delivery::Result::kRefused, .why = std::move(why)}; }

std::string WordsOf(const protocol::ErrorCode& code) {
  return fmt::format("{} ({})", code.message, code.code);
}

// What Publisher::Admit refuses.
std::string WhyNot(const protocol::ErrorCode& code) {
  std::string words = WordsOf(code);
  if (code.code == protocol::kErrorBadRequest.code) {
    words += ": by its name, as a map channel, or because the data are not in its format";
  }
  return words;
}

}  // namespace

// What is unknown is refused: it was meant for something.
Result<> ReadChannelOptions(const std::string& text, broker::PublishCall& call) {
  if (text.empty()) return {};
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "tags") {
      ReadTags(json, call.tags);
    } else if (*key == "idempotency_key") {
      call.idempotency_key = json.ReadString();
    } else if (*key == "version") {
      call.version = json.ReadInteger<std::uint64_t>();
    } else if (*key == "version_epoch") {
      call.version_epoch = json.ReadString();
    } else if (*key == "skip_history") {
      call.skip_history = json.ReadBool();
    } else {
      json.Fail(fmt::format("no such option: {}", *key));
    }
  }
  return json.Finish();
}

std::string IdempotencyKeyOf(const Entry& entry) {
  return fmt::format("outbox-{}-{}", entry.id, entry.created_at.ms);
}

Task<Delivery> ChannelSink::Send(const Entry& entry) {
  broker::PublishCall call{.channel = entry.target, .data = entry.data};
  if (!IsJson(call.data)) co_return Refused("its data are not JSON");
  call.form = broker::DataForm::kJson;
  if (const auto read = ReadChannelOptions(entry.options, call); !read) {
    co_return Refused("its options: " + read.error().detail);
  }
  if (call.idempotency_key.empty()) call.idempotency_key = IdempotencyKeyOf(entry);
  auto admitted = publisher_.Admit(std::move(call));
  if (!admitted) {
    co_return Refused(
        fmt::format("the channel {} does not take it: {}", entry.target, WhyNot(admitted.error())));
  }
  const auto published = co_await publisher_.Publish(*std::move(admitted));
  if (published) co_return Delivery{};
  if (published.error().code == protocol::kErrorBadRequest.code) {
    co_return Refused("the broker does not take it: " + WordsOf(published.error()));
  }
  co_return Delivery{.result = Delivery::Result::kFailed, .why = WordsOf(published.error())};
}

}  // namespace tidemill::outbox
