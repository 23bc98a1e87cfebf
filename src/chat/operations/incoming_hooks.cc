#include "chat/operations/incoming_hooks.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "accounts/secret_token.h"
#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "chat/api/refusals.h"
#include "chat/delivery/event.h"
#include "chat/operations/commands.h"
#include "chat/operations/messages.h"
#include "chat/text/slack_text.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kHooksPath = "/chat/v1/hooks/";
constexpr std::size_t kNameBytesMax = 320;
constexpr std::size_t kIconBytesMax = 2'000;

struct Payload {
  std::string text;
  std::string username;
  std::string icon_emoji;
  std::string icon_url;
  std::string ignored;  // "blocks, channel"
};

void Ignore(JsonReader& json, Payload& payload, std::string_view key) {
  json.Skip();
  payload.ignored += (payload.ignored.empty() ? "" : ", ") + std::string(key);
}

std::string TextOrNothing(JsonReader& json) {
  if (json.Peek() == JsonReader::Kind::kString) return json.ReadString();
  json.Skip();
  return "";
}

// nullopt: it is not an object in JSON.
std::optional<Payload> ReadPayload(std::string_view body) {
  Payload payload;
  JsonReader json(body);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "text") {
      payload.text = TextOrNothing(json);
    } else if (*key == "username") {
      payload.username = TextOrNothing(json);
    } else if (*key == "icon_emoji") {
      payload.icon_emoji = TextOrNothing(json);
    } else if (*key == "icon_url") {
      payload.icon_url = TextOrNothing(json);
    } else if (*key == "blocks" || *key == "attachments" || *key == "channel") {
      Ignore(json, payload, std::string(*key));
    }
  }
  if (!json.Finish()) return std::nullopt;
  if (payload.text.contains('\0') || payload.username.contains('\0')) return std::nullopt;
  return payload;
}

// Of a form the field "payload".
std::optional<std::string> JsonOf(std::string_view content_type, std::string body) {
  if (!content_type.starts_with("application/x-www-form-urlencoded")) return body;
  constexpr std::string_view kField = "payload=";
  std::string_view form = body;
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(pair.size() + 1, form.size()));
    if (pair.starts_with(kField)) return PercentDecode(pair.substr(kField.size()), Plus::kBlank);
  }
  return std::nullopt;
}

bool IsWebAddress(std::string_view url) {
  return url.size() <= kIconBytesMax && (url.starts_with("https://") || url.starts_with("http://"));
}

std::string MetadataOf(const Hook& hook, const Payload& payload) {
  return ObjectJson([&](JsonWriter& json) {
    json.Key("hook");
    json.BeginObject();
    json.Member("id", ToText(hook.id));
    const std::string_view name = CutUtf8(payload.username, kNameBytesMax);
    if (!name.empty()) json.Member("username", name);
    const std::string_view emoji = CutUtf8(payload.icon_emoji, kNameBytesMax);
    if (!emoji.empty() && !emoji.contains('\0')) json.Member("icon_emoji", emoji);
    if (IsWebAddress(payload.icon_url) && !payload.icon_url.contains('\0')) {
      json.Member("icon_url", payload.icon_url);
    }
    json.EndObject();
  });
}

http::Response Say(int status, std::string word) { return http::Response::Text(status, std::move(word)); }

http::Response SayRefused(const Refusal& refusal) {
  switch (refusal.code) {
    case Code::kNotFound: return Say(404, "no_service");
    case Code::kArchived: return Say(410, "channel_is_archived");
    case Code::kTooLong: return Say(400, "msg_too_long");
    case Code::kInvalid: return Say(400, "no_text");
    default: break;
  }
  http::Response response = Say(StatusOf(refusal.code), std::string(Name(refusal.code)));
  if (response.status == 429 || response.status == 503) {
    const std::int64_t seconds = std::max<std::int64_t>(1, (refusal.retry_after_ms + 999) / 1000);
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  return response;
}

std::string BotOf(const Hook& hook) { return "hook-" + ToText(hook.id); }

class HookHandler final : public http::Handler {
 public:
  explicit HookHandler(IncomingHooks& hooks) : hooks_(hooks) {}
  std::size_t body_bytes_max() const override { return IncomingHooks::kBodyBytesMax; }
  Task<http::Response> Handle(const http::Request& request) override {
    return hooks_.Post(request.PathParameter("token").value_or(""),
                       std::string(request.Header("Content-Type").value_or("")), std::string(request.body));
  }

 private:
  IncomingHooks& hooks_;
};

}  // namespace

std::string PathOfHook(std::string_view token) { return std::string(kHooksPath) + std::string(token); }

void IncomingHooks::AddRoutes(http::Router& router) {
  router.Add(http::Method::kPost, PathOfHook("{token}"), std::make_shared<HookHandler>(*this));
}

Task<http::Response> IncomingHooks::Post(std::string token, std::string content_type, std::string body) {
  if (!accounts::MayBeSecretToken(token)) co_return Say(404, "no_service");
  if (*under_way_ >= kAtOnce) {
    co_return SayRefused({.code = Code::kRateLimited, .message = "", .field = "", .retry_after_ms = 1000});
  }
  // By value: a request that ends with its connection may end after this object.
  struct Held {
    explicit Held(std::shared_ptr<std::size_t> held) : count(std::move(held)) { ++*count; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { --*count; }
    const std::shared_ptr<std::size_t> count;
  };
  const Held held(under_way_);
  auto hook = co_await services_.store.hooks().FindByDigest(accounts::HashOfToken(token));
  if (!hook) co_return SayRefused(hook.error());
  if (!*hook) co_return Say(404, "no_service");
  co_return co_await PostTo(**std::move(hook), std::move(content_type), std::move(body));
}

Task<http::Response> IncomingHooks::PostTo(Hook hook, std::string content_type, std::string body) {
  const std::string bot = BotOf(hook);
  if (const auto wait = services_.rates.Take(bot, UserRates::Kind::kSend, services_.loop.Now())) {
    co_return SayRefused(
        {.code = Code::kRateLimited, .message = "", .field = "", .retry_after_ms = wait->ms});
  }
  const std::optional<std::string> json = JsonOf(content_type, std::move(body));
  const std::optional<Payload> payload = json ? ReadPayload(*json) : std::nullopt;
  if (!payload) co_return Say(400, "invalid_payload");
  std::string text = FromSlackText(payload->text);
  if (const auto fits = CheckMessageText(services_.settings, text); !fits) {
    co_return SayRefused(fits.error());
  }
  if (const auto made = co_await MakeBot(hook); !made) co_return SayRefused(made.error());
  auto mentions = co_await MentionsOf(services_, text);
  if (!mentions) co_return SayRefused(mentions.error());
  const bool has_link = HasLink(text);
  const auto sent = co_await services_.rooms.Send(services_.loop, hook.room_id,
                                                  {.sender = Sender::kServer,
                                                   .user_id = bot,
                                                   .client_msg_id = {},
                                                   .text = std::move(text),
                                                   .thread_id = {},
                                                   .mentions = *std::move(mentions),
                                                   .attachment_ids = {},
                                                   .metadata = MetadataOf(hook, *payload),
                                                   .has_link = has_link});
  if (!sent) co_return SayRefused(sent.error());
  http::Response response = Say(200, "ok");
  if (!payload->ignored.empty()) response.headers.emplace_back("X-Tidemill-Ignored", payload->ignored);
  co_return response;
}

Task<Outcome<>> IncomingHooks::MakeBot(const Hook& hook) {
  const std::int64_t id = hook.id.value();
  if (known_.contains(id)) co_return Outcome<>();
  Identity bot{.id = BotOf(hook), .name = hook.name, .username = {}};
  bot.is_bot = true;
  TM_CO_TRY(co_await services_.store.users().Upsert(std::move(bot)));
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert(id);
  co_return Outcome<>();
}

}  // namespace tidemill::chat
